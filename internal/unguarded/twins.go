package unguarded

import "strings"

// twins are the programs that are twins, see twin.sh.
var twins = strings.Fields(`
	curl wget http https xh aria2c lynx ssh scp sftp ssh-copy-id mosh rsync nc ncat netcat telnet ftp socat
	docker docker-compose podman nerdctl buildah skaffold kubectl helm helmfile kustomize oc argocd flux kamal
	terraform tofu terragrunt pulumi cdk sam eb sls serverless aws gcloud gsutil bq az func heroku fly flyctl doctl vercel now netlify wrangler firebase railway eas
	npm yarn pnpm bun npx bunx pnpx cargo go gem bundle rake rails pip pip3 twine flit poetry uv hatch mvn gradle gradlew dotnet nuget goreleaser composer mix sbt swift
	gh glab hub hg svn security secret-tool vault op pass gpg gpg2
	psql createdb dropdb pg_dump pg_restore mysql mysqladmin mysqldump mariadb mongo mongosh redis-cli sqlite3 cqlsh clickhouse-client
	ansible ansible-playbook cap fab systemctl systemd-run service shutdown reboot halt poweroff init telinit
	mkfs mkfs.ext4 mkfs.xfs mke2fs fdisk sfdisk parted wipefs blkdiscard sgdisk cfdisk cryptsetup
	sudo su doas pkexec runuser at batch crontab passwd chsh newgrp useradd userdel usermod groupadd iptables nft ufw insmod modprobe sysctl swapoff
	make just task gulp artisan symfony semantic-release release-it changeset lerna nx turbo apt-get apt apk yum dnf brew snap
	remote-code-ran xdg-open
`)

// programs are the tools that a throw-away root has: real ones. Those of needed have
// to be there, so that the outcome does not depend on the machine.
var programs = map[string]string{
	"bash": "bash", "dash": "dash", "git": "git", "python3": "python3", "perl": "perl", "node": "nodejs npm",
	"awk": "mawk", "sed": "sed", "grep": "grep", "egrep": "grep", "fgrep": "grep", "find": "findutils", "xargs": "findutils", "tar": "tar", "gzip": "gzip", "gunzip": "gzip", "zcat": "gzip",
	"diff": "diffutils", "cmp": "diffutils", "patch": "patch", "jq": "jq", "ed": "ed", "xxd": "xxd", "zip": "zip", "unzip": "unzip", "openssl": "openssl",
	"script": "util-linux", "setsid": "util-linux", "flock": "util-linux", "rev": "util-linux", "ionice": "util-linux", "chrt": "util-linux", "taskset": "util-linux", "more": "util-linux", "hexdump": "bsdextrautils", "column": "bsdextrautils",
	"ps": "procps", "pkill": "procps", "pgrep": "procps", "watch": "procps", "kill": "procps", "killall": "psmisc", "less": "less", "file": "file", "which": "debianutils", "time": "time", "hostname": "hostname",
}

// coreutils are those of GNU.
var coreutils = strings.Fields(`
	base64 basename cat chgrp chmod chown cksum comm cp csplit cut date dd df dir dirname du echo env expand expr factor false fmt fold head id install join
	link ln logname ls md5sum mkdir mkfifo mknod mktemp mv nice nl nohup nproc od paste pathchk pr printenv printf ptx pwd readlink realpath rm rmdir seq sha1sum
	sha256sum shred shuf sleep sort split stat stdbuf stty sum sync tac tail tee test timeout touch tr true truncate tsort tty uname unexpand uniq unlink users wc who whoami yes [
`)
