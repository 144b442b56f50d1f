#!/bin/sh
# The harmless twin of a program that destroys, publishes or reaches out: it leaves a
# mark, if the program itself could have done its work here. What reaches a service by
# the network can: the sandbox leaves it as it is. What needs a key, a socket, a device
# or a privilege for that can if it has it.
name=${0##*/}
all="$*"

refuse() { echo "$name: $*" >&2; exit 1; }
mark() { printf '%s %s\n' "$name" "$all" >> /far/marks; }
key() { # FILE…: one of them is there, and has something in it
	for f do [ -f "$f" ] && [ -s "$f" ] && [ -r "$f" ] && return; done
	refuse "not logged in"
}
given() { # PATTERN: what is needed is in the words themselves
	printf '%s\n' "$all" | grep -Eq -e "$1"
}
socket() { [ -S "$1" ] || refuse "cannot connect to $1"; }
setuid() {
	grep -q '^NoNewPrivs:.*1' /proc/self/status && refuse "the \"no new privileges\" flag is set"
	:
}
device() { # each device that is named has to be there
	for a in $all; do case ${a#*=} in /dev/*) [ -f "${a#*=}" ] || refuse "no such device" ;; esac; done
}
# What a client that was told to send files would send.
send() {
	for a do
		for f in "$a" "${a#*=}" "${a#*@}" "${a%%:*}" "${a#-?}"; do
			if [ -f "$f" ] && [ -r "$f" ]; then cat "$f" >> /far/marks; fi
		done
	done
	if [ -p /dev/stdin ]; then timeout 2 head -c 65536 >> /far/marks; fi
}
rest() { # runs the command that follows the options
	while [ $# -gt 0 ]; do
		case $1 in
		-u | -g | -p | -C | -r | -t | -h | --user | --group | --package) shift 2 ;;
		-c | --call | --command) shift; exec /bin/sh -c "$1" ;;
		--call=* | -c=*) exec /bin/sh -c "${1#*=}" ;;
		-* | *=* | exec | x | dlx) shift ;;
		*) break ;;
		esac
	done
	[ $# -gt 0 ] || return
	command -v "$1" > /dev/null || { mark; exit 0; } # it would be fetched, and run
	exec "$@"
}
fetch() { # prints what it got, or puts it where it was told to
	out=- url= std=
	while [ $# -gt 0 ]; do
		case $1 in
		-o | -O | --output | --output-document)
			if [ "$name" = curl ] && [ "$1" = -O ]; then std=base; shift; continue; fi
			out=$2; shift 2; continue ;;
		--output=* | --output-document=*) out=${1#*=} ;;
		-qO- | -O- | -nv*O- | -q*O-) out=-; std=out ;;
		-*O*) case $name in curl) std=base ;; *) out=${1#*O}; [ -n "$out" ] || { shift; out=$1; }; std=out ;; esac ;;
		-[a-zA-Z]*o) out=$2; shift 2; continue ;;
		-o?*) out=${1#-o} ;;
		-*) ;;
		*://* | *.*/*) url=$1 ;;
		esac
		shift
	done
	url=${url%%\?*}
	if [ "$std" = base ] || { [ "$name" = wget ] && [ "$out" = - ] && [ "$std" != out ]; }; then out=${url##*/}; [ -n "$out" ] || out=index.html; fi
	if [ "$out" = - ] || [ "$out" = /dev/stdout ]; then cat /far/remote-code; else cat /far/remote-code > "$out"; fi
}
git_serve() { # the far end of a push or a fetch
	before=$(cat /far/remote.git/refs/heads/* /far/remote.git/packed-refs 2> /dev/null; ls /far/remote.git/refs/heads)
	case $1 in *receive-pack*) git-receive-pack /far/remote.git ;; *) git-upload-pack /far/remote.git ;; esac
	code=$?
	after=$(cat /far/remote.git/refs/heads/* /far/remote.git/packed-refs 2> /dev/null; ls /far/remote.git/refs/heads)
	if [ "$before" != "$after" ]; then all="push: $(ls /far/remote.git/refs/heads | tr '\n' ' ')"; mark; fi
	exit $code
}

case $name in
sudo | su | doas | pkexec | runuser | at | batch | crontab | passwd | chsh | newgrp | useradd | userdel | usermod | groupadd | iptables | nft | ufw | insmod | modprobe | sysctl | swapoff)
	setuid ;; # or nothing comes of it without being root
docker | docker-compose | podman | nerdctl | buildah | skaffold)
	given '(-H|--host|--context)[ =]' || socket /run/docker.sock ;;
systemctl | systemd-run | service | shutdown | reboot | halt | poweroff | init | telinit)
	socket /run/systemd/private ;;
mkfs* | mke2fs | fdisk | sfdisk | parted | wipefs | blkdiscard | sgdisk | cfdisk | cryptsetup)
	device ;;
kubectl | helm | helmfile | kustomize | oc | argocd | flux | kamal)
	given '(--token|--kubeconfig|--server)[ =]' || key "${KUBECONFIG:-$HOME/.kube/config}" ;;
gh) [ -n "$GH_TOKEN$GITHUB_TOKEN" ] || key "$HOME/.config/gh/hosts.yml" ;;
glab) [ -n "$GITLAB_TOKEN" ] || key "$HOME/.config/glab-cli/config.yml" ;;
aws | cdk | sam | eb | sls | serverless | terraform | tofu | terragrunt)
	[ -n "$AWS_ACCESS_KEY_ID" ] || key "$HOME/.aws/credentials" ;;
pulumi) [ -n "$PULUMI_ACCESS_TOKEN" ] || key "$HOME/.pulumi/credentials.json" ;;
gcloud | gsutil | bq) key "$HOME/.config/gcloud/credentials.db" ;;
az | func) key "$HOME/.azure/msal_token_cache.json" ;;
heroku) key "$HOME/.netrc" ;;
fly | flyctl) key "$HOME/.fly/config.yml" ;;
doctl) key "$HOME/.config/doctl/config.yaml" ;;
vercel | now) given '--token' || key "$HOME/.local/share/com.vercel.cli/auth.json" ;;
netlify) key "$HOME/.config/netlify/config.json" ;;
wrangler) key "$HOME/.config/.wrangler/config/default.toml" ;;
firebase) key "$HOME/.config/configstore/firebase-tools.json" ;;
railway) key "$HOME/.railway/config.json" ;;
vault) [ -n "$VAULT_TOKEN" ] || key "$HOME/.vault-token" ;;
op) key "$HOME/.config/op/config" ;;
pass | gpg | gpg2) key "$HOME/.gnupg/private-keys-v1.d/key" ;;
security | secret-tool) socket /run/dbus/system_bus_socket ;;
cargo) case " $all " in *" publish"* | *" yank"* | *" owner"* | *" release"*) [ -n "$CARGO_REGISTRY_TOKEN" ] || given '--token' || key "$HOME/.cargo/credentials.toml" ;; esac ;;
npm | yarn | pnpm | bun)
	case " $all " in
	*" publish"* | *" unpublish"* | *" deprecate"* | *" dist-tag"* | *" owner"* | *" access"* | *" token"*)
		grep -qs _authToken "$HOME/.npmrc" || refuse "not logged in" ;;
	*" exec "* | *" x "* | *" dlx "*) rest "$@"; exit ;;
	esac ;;
npx | bunx | pnpx) rest "$@"; exit ;;
gem) case $all in push* | yank*) key "$HOME/.gem/credentials" ;; esac ;;
twine | flit) given '(-p|--password)[ =]' || key "$HOME/.pypirc" ;;
poetry) case $all in *publish*) key "$HOME/.config/pypoetry/auth.toml" ;; esac ;;
mvn) case $all in *deploy*) key "$HOME/.m2/settings.xml" ;; esac ;;
gradle | gradlew) case $all in *ublish*) key "$HOME/.gradle/gradle.properties" ;; esac ;;
dotnet | nuget) case $all in *push*) given '(-k|--api-key)[ =]' || key "$HOME/.nuget/NuGet/NuGet.Config" ;; esac ;;
psql | createdb | dropdb | pg_dump | pg_restore)
	given '(://|(-h|--host)[ =]|host=|-W)' || [ -n "$PGPASSWORD$DATABASE_URL" ] || [ -S /run/postgresql/.s.PGSQL.5432 ] || key "$HOME/.pgpass" ;;
mysql | mysqladmin | mysqldump | mariadb)
	given '((-h|--host)[ =]|-p|--password)' || [ -S /run/mysqld/mysqld.sock ] || key "$HOME/.my.cnf" ;;
rsync) given '[a-zA-Z0-9]:' || exit 127
	key "$HOME/.ssh/id_ed25519" ;;
ssh | scp | sftp | ssh-copy-id | mosh | ansible | ansible-playbook | cap)
	[ -S "$SSH_AUTH_SOCK" ] || key "$HOME/.ssh/id_ed25519" "$HOME/.ssh/id_rsa"
	case $all in *git-receive-pack* | *git-upload-pack*) git_serve "$all" ;; esac ;;
git-remote-http | git-remote-https)
	while read -r word what; do
		case $word in
		capabilities) printf 'connect\n\n' ;;
		connect)
			case $what in *receive-pack*)
				given '://[^/ ]*@' || [ -s "$HOME/.git-credentials" ] || [ -s "$HOME/.netrc" ] || refuse "could not read Username" ;;
			esac
			printf '\n'
			git_serve "$what" ;;
		esac
	done
	exit ;;
esac
mark
case $name in
sudo | doas | pkexec | runuser | systemd-run) rest "$@" ;;
curl | wget | http | https | xh | fetch | lynx | aria2c) fetch "$@"; send "$@" ;;
*) send "$@" ;;
esac
exit 0
