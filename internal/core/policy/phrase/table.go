package phrase

// The rules that phrases are about.
const (
	deploy         = "deploy_to_production"
	data           = "delete_production_data"
	credentials    = "access_credentials"
	push           = "push_to_main"
	security       = "security_configuration"
	destructive    = "destructive_command"
	paidAPI        = "paid_api"
	payment        = "payment"
	unconventional = "unconventional"
)

// Phrase is a way to say something to a program that needs a person's yes.
type Phrase struct {
	Rule string
	// Words are the beginnings of commands, after the program's name, separated
	// by "|"; "" is the program without further words, "*" whatever follows.
	Words string
	// Only lets it count only with one of these options.
	Only string
}

const (
	dryRun = "--dry-run --dryrun --dry --help --noop --dryRun"
	Any    = "*"
)

var table = map[string][]Phrase{
	"vercel":           {{deploy, "deploy|promote|rollback|alias|redeploy|", ""}, {deploy, Any, "--prod --production"}, {data, "remove|rm", ""}, {credentials, "env pull|env ls", ""}},
	"vc":               {{deploy, "deploy|promote|", ""}},
	"netlify":          {{deploy, "deploy", ""}, {data, "sites:delete", ""}, {credentials, "env:get|env:list", ""}},
	"ntl":              {{deploy, "deploy", ""}},
	"fly":              {{deploy, "deploy|launch|scale|machine run|machines run|apps restart|secrets set|secrets import", ""}, {data, "apps destroy|destroy|volumes destroy|volumes delete|postgres destroy|machine destroy", ""}},
	"flyctl":           {{deploy, "deploy|launch|scale|machine run|machines run|apps restart|secrets set", ""}, {data, "apps destroy|destroy|volumes destroy|volumes delete", ""}},
	"heroku":           {{deploy, "container:release|container:push|releases:rollback|ps:scale|pipelines:promote|config:set|ps:restart", ""}, {data, "apps:destroy|pg:reset|addons:destroy|apps:delete", ""}, {credentials, "config|config:get|auth:token", ""}},
	"railway":          {{deploy, "up|deploy|redeploy", ""}, {data, "down|delete", ""}, {credentials, "variables", ""}},
	"render":           {{deploy, "deploy|deploys create", ""}},
	"surge":            {{deploy, Any, ""}, {deploy, "", ""}},
	"now":              {{deploy, Any, ""}, {deploy, "", ""}},
	"firebase":         {{deploy, "deploy|hosting:channel:deploy|appdistribution:distribute", ""}, {data, "firestore:delete|database:remove|functions:delete", ""}},
	"wrangler":         {{deploy, "deploy|publish|pages deploy|pages publish|versions deploy|rollback|secret put", ""}, {data, "delete|d1 delete|kv:namespace delete|kv:key delete|r2 bucket delete|kv namespace delete|queues delete", ""}},
	"serverless":       {{deploy, "deploy", ""}, {data, "remove", ""}},
	"sls":              {{deploy, "deploy", ""}, {data, "remove", ""}},
	"sst":              {{deploy, "deploy", ""}, {data, "remove", ""}},
	"sam":              {{deploy, "deploy|sync|publish", ""}, {data, "delete", ""}},
	"cdk":              {{deploy, "deploy|bootstrap", ""}, {data, "destroy", ""}},
	"copilot":          {{deploy, "deploy|svc deploy|env deploy", ""}, {data, "app delete|svc delete|env delete", ""}},
	"pulumi":           {{deploy, "up|update|refresh|import", ""}, {data, "destroy|stack rm|state delete", ""}},
	"terraform":        {{data, "apply", "-destroy"}, {deploy, "apply|import|taint|untaint", ""}, {data, "destroy|state rm|workspace delete", ""}},
	"tofu":             {{deploy, "apply|import|taint", ""}, {data, "destroy|state rm|workspace delete", ""}},
	"terragrunt":       {{deploy, "apply|run-all apply|apply-all", ""}, {data, "destroy|run-all destroy|destroy-all", ""}},
	"ansible":          {{deploy, Any, ""}},
	"ansible-playbook": {{deploy, Any, ""}},
	"kubectl":          {{deploy, "apply|create|replace|patch|set|scale|autoscale|rollout restart|rollout undo|run|expose|edit|annotate|label|taint|cordon|uncordon|cp|exec|attach", ""}, {data, "delete|drain", ""}, {credentials, "get secret*|describe secret*|get secrets|config view", ""}},
	"oc":               {{deploy, "apply|create|replace|patch|rollout|scale|new-app|start-build", ""}, {data, "delete", ""}, {credentials, "get secret*", ""}},
	"helm":             {{deploy, "install|upgrade|rollback|push", ""}, {data, "uninstall|delete|del|un", ""}},
	"helmfile":         {{deploy, "apply|sync", ""}, {data, "destroy|delete", ""}},
	"kustomize":        {},
	"argocd":           {{deploy, "app sync|app create|app set|app rollback", ""}, {data, "app delete", ""}},
	"flux":             {{deploy, "reconcile|bootstrap|create|resume", ""}, {data, "delete|uninstall", ""}},
	"nomad":            {{deploy, "run|job run|job dispatch|job promote", ""}, {data, "stop|job stop|system gc", ""}},
	"kamal":            {{deploy, "deploy|setup|redeploy|rollback|app exec", ""}, {data, "remove", ""}},
	"cap":              {{deploy, Any, ""}},
	"fab":              {{deploy, "deploy|production", ""}},
	"dokku":            {{deploy, Any, ""}},
	"eb":               {{deploy, "deploy|create|swap|scale", ""}, {data, "terminate", ""}},
	"gcloud":           {{deploy, "app deploy|run deploy|functions deploy|builds submit|deploy|compute instances create|container clusters create|run services update|beta run deploy|sql instances create|compute ssh", ""}, {data, "sql instances delete|sql databases delete|projects delete|compute instances delete|container clusters delete|storage rm|storage buckets delete|firestore databases delete|compute disks delete|run services delete|functions delete|spanner databases delete|bigtable instances delete", ""}, {credentials, "secrets versions access|auth print-access-token|auth print-identity-token|auth application-default print-access-token", ""}},
	"gsutil":           {{deploy, "cp|rsync|mv", ""}, {data, "rm|rb", ""}},
	"bq":               {{data, "rm", ""}},
	"az":               {{deploy, "webapp deploy|webapp up|functionapp deployment|deployment group create|deployment sub create|containerapp up|containerapp update|acr build|staticwebapp|vm create|aks create", ""}, {data, "group delete|vm delete|sql db delete|storage account delete|storage container delete|storage blob delete|aks delete|cosmosdb delete|keyvault delete|webapp delete", ""}, {credentials, "keyvault secret show|keyvault secret download|account get-access-token", ""}},
	"aws": {{deploy, "s3 sync|s3 cp|s3 mv|deploy|cloudformation deploy|cloudformation create-stack|cloudformation update-stack|cloudformation execute-change-set|ecs update-service|ecs run-task|lambda update-function-code|lambda publish-version|lambda create-function|elasticbeanstalk update-environment|ec2 run-instances|eks create-cluster|rds create-*|codepipeline start-pipeline-execution|codedeploy create-deployment|amplify start-deployment|amplify start-job|apprunner start-deployment|ssm send-command|cloudfront create-invalidation|s3api put-*|iam create-*|iam attach-*|iam put-*", ""},
		{data, "s3 rm|s3 rb|s3api delete-*|rds delete-*|dynamodb delete-*|ec2 terminate-instances|ec2 delete-*|cloudformation delete-stack|ecs delete-*|eks delete-*|lambda delete-*|iam delete-*|sqs purge-queue|sqs delete-queue|sns delete-topic|logs delete-*|kms schedule-key-deletion|elasticache delete-*|es delete-*|opensearch delete-*|redshift delete-*|route53 delete-*|backup delete-*|efs delete-*|ecr delete-*|ecr batch-delete-image|cognito-idp delete-*|secretsmanager delete-secret|docdb delete-*", ""},
		{credentials, "secretsmanager get-secret-value|ssm get-parameter*|sts get-session-token|sts assume-role|configure export-credentials|configure get|iam create-access-key|ecr get-login-password|kms decrypt", ""}},
	"doctl":            {{deploy, "apps create-deployment|apps create|compute droplet create|kubernetes cluster create", ""}, {data, "compute droplet delete|databases delete|apps delete|kubernetes cluster delete|compute volume delete", ""}},
	"docker":           {{deploy, "push|image push|stack deploy|service update|service create|manifest push|compose push|buildx build --push", ""}, {deploy, "build|buildx build|buildx bake", "--push"}, {data, "volume rm|volume prune|system prune|volume remove|compose down -v|stack rm|swarm leave", ""}, {data, "compose down|compose rm", "-v --volumes"}},
	"docker-compose":   {{deploy, "push", ""}, {data, "down|rm", "-v --volumes"}},
	"podman":           {{deploy, "push|image push", ""}, {data, "volume rm|volume prune|system prune|system reset", ""}},
	"nerdctl":          {{deploy, "push", ""}, {data, "volume rm|volume prune|system prune", ""}},
	"buildah":          {{deploy, "push", ""}},
	"skopeo":           {{deploy, "copy|sync", ""}, {data, "delete", ""}},
	"crane":            {{deploy, "push|copy|tag|append", ""}, {data, "delete", ""}},
	"ko":               {{deploy, "apply|publish|resolve", ""}},
	"npm":              {{deploy, "publish|unpublish|deprecate|dist-tag add|dist-tag set|access|owner add|owner rm", ""}, {credentials, "token|token list|token create|config get //*", ""}},
	"yarn":             {{deploy, "publish|npm publish", ""}},
	"pnpm":             {{deploy, "publish", ""}},
	"bun":              {{deploy, "publish", ""}},
	"lerna":            {{deploy, "publish", ""}},
	"changeset":        {{deploy, "publish", ""}},
	"np":               {{deploy, Any, ""}, {deploy, "", ""}},
	"semantic-release": {{deploy, "", ""}, {deploy, Any, ""}},
	"release-it":       {{deploy, "", ""}, {deploy, Any, ""}},
	"cargo":            {{deploy, "publish|yank|owner", ""}},
	"twine":            {{deploy, "upload", ""}},
	"poetry":           {{deploy, "publish", ""}},
	"uv":               {{deploy, "publish", ""}},
	"flit":             {{deploy, "publish", ""}},
	"hatch":            {{deploy, "publish", ""}},
	"pdm":              {{deploy, "publish", ""}},
	"gem":              {{deploy, "push|yank", ""}},
	"mvn":              {{deploy, "deploy|release:perform|release:prepare|clean deploy|site-deploy", ""}},
	"gradle":           {{deploy, "publish|uploadArchives|publishPlugins|bintrayUpload|publishAllPublicationsTo*", ""}},
	"gradlew":          {{deploy, "publish|uploadArchives|publishPlugins", ""}},
	"goreleaser":       {{deploy, "release|publish|", ""}},
	"dotnet":           {{deploy, "nuget push|nuget delete", ""}, {data, "ef database drop", ""}},
	"nuget":            {{deploy, "push", ""}},
	"dart":             {{deploy, "pub publish|pub lish", ""}},
	"flutter":          {{deploy, "pub publish", ""}},
	"pod":              {{deploy, "trunk push", ""}},
	"vsce":             {{deploy, "publish", ""}},
	"ovsx":             {{deploy, "publish", ""}},
	"fastlane":         {{deploy, "deliver|supply|release|deploy|beta|upload_to_*", ""}},
	"eas":              {{deploy, "submit|update", ""}},
	"mix":              {{deploy, "hex.publish", ""}, {data, "ecto.drop|ecto.reset", ""}},
	"gh-pages":         {{deploy, Any, ""}, {deploy, "", ""}},
	"mkdocs":           {{deploy, "gh-deploy", ""}},
	"mike":             {{deploy, "deploy", ""}},
	"gh":               {{push, "pr merge|repo sync", ""}, {deploy, "release create|release upload|release edit|release delete|workflow run|workflow enable|workflow disable", ""}, {data, "repo delete|repo archive|api -X DELETE", ""}, {credentials, "auth token|secret list|auth status", ""}, {security, "secret set|secret delete|variable set|ruleset|repo edit|ssh-key|gpg-key|auth login|auth refresh", ""}},
	"glab":             {{push, "mr merge|mr accept", ""}, {deploy, "release create|ci run|ci trigger", ""}, {data, "repo delete", ""}, {security, "variable set", ""}},
	"hub":              {{push, "merge|push", ""}, {deploy, "release create", ""}},
	"tea":              {{push, "pr merge", ""}},
	"hg":               {{push, "push", ""}},
	"jj":               {{push, "git push", ""}},
	"svn":              {{push, "commit|ci|import", ""}},
	"gt":               {{push, "submit|merge", ""}},
	"dropdb":           {{data, Any, ""}},
	"dropuser":         {{data, Any, ""}},
	"mongorestore":     {{data, Any, "--drop"}},
	"pg_restore":       {{data, Any, "--clean -c"}},
	"redis-cli":        {{data, "FLUSHALL|FLUSHDB|flushall|flushdb|DEL|del|UNLINK|unlink|SHUTDOWN|shutdown|CONFIG SET|EVAL|eval", ""}},
	"valkey-cli":       {{data, "FLUSHALL|FLUSHDB|flushall|flushdb|DEL|del", ""}},
	"etcdctl":          {{data, "del|member remove|snapshot restore", ""}},
	"consul":           {{data, "kv delete", ""}},
	"rails":            {{data, "db:drop|db:reset|db:purge|db:schema:load|db:migrate:reset|db:truncate_all|destroy", ""}},
	"rake":             {{data, "db:drop|db:reset|db:purge|db:schema:load|db:migrate:reset", ""}, {deploy, "release|deploy", ""}},
	"artisan":          {{data, "migrate:fresh|migrate:reset|db:wipe|migrate:refresh", ""}},
	"django-admin":     {{data, "flush|sqlflush|reset_db", ""}},
	"manage.py":        {{data, "flush|reset_db|sqlflush", ""}},
	"prisma":           {{data, "migrate reset|db push --force-reset", ""}, {data, "db push", "--force-reset --accept-data-loss"}, {deploy, "migrate deploy", ""}},
	"sequelize":        {{data, "db:drop|db:migrate:undo:all", ""}},
	"sequelize-cli":    {{data, "db:drop|db:migrate:undo:all", ""}},
	"typeorm":          {{data, "schema:drop", ""}},
	"knex":             {{data, "migrate:rollback", "--all"}},
	"drizzle-kit":      {{data, "drop", ""}},
	"alembic":          {{data, "downgrade", ""}},
	"flyway":           {{data, "clean", ""}},
	"liquibase":        {{data, "drop-all|dropAll", ""}},
	"supabase":         {{data, "db reset|projects delete", ""}, {deploy, "db push|functions deploy", ""}},
	"hasura":           {{deploy, "deploy|migrate apply|metadata apply", ""}},
	"pscale":           {{data, "database delete|branch delete", ""}, {deploy, "deploy-request deploy", ""}},
	"turso":            {{data, "db destroy", ""}},
	"neonctl":          {{data, "projects delete|branches delete|databases delete", ""}},
	"vault":            {{credentials, "read|kv get|print token|token lookup|kv list", ""}, {data, "kv delete|kv destroy|kv metadata delete|delete|secrets disable", ""}},
	"op":               {{credentials, "read|item get|inject|document get", ""}},
	"bw":               {{credentials, "get|list|export", ""}},
	"pass":             {{credentials, "show|ls|grep|", ""}, {credentials, Any, ""}},
	"doppler":          {{credentials, "secrets", ""}},
	"infisical":        {{credentials, "secrets|export", ""}},
	"chamber":          {{credentials, "read|export|list", ""}},
	"sops":             {{credentials, Any, "-d --decrypt"}, {credentials, "decrypt|exec-env|exec-file", ""}},
	"gpg":              {{credentials, Any, "--export-secret-keys --export-secret-subkeys -d --decrypt"}, {credentials, "", "--export-secret-keys --export-secret-subkeys -d --decrypt"}},
	"security":         {{credentials, "find-generic-password|find-internet-password|dump-keychain|export", ""}},
	"secret-tool":      {{credentials, "lookup|search", ""}},
	"keyring":          {{credentials, "get", ""}},
	"ssh-add":          {{credentials, Any, ""}, {credentials, "", ""}},
	"stripe":           {{payment, "charges create|payment_intents create|refunds create|payouts create|trigger|transfers create|subscriptions create", ""}},
	"twilio":           {{paidAPI, "api:core:messages:create|api:core:calls:create", ""}},
	"openai":           {{paidAPI, "api", ""}},
	"llm":              {{paidAPI, Any, ""}},
	"replicate":        {{paidAPI, "run|prediction create", ""}},
	"systemctl":        {{destructive, "poweroff|reboot|halt|suspend|hibernate|kexec|rescue|emergency", ""}, {security, "start|stop|restart|enable|disable|mask|unmask|edit|set-default|daemon-reload|kill", ""}},
	"launchctl":        {{security, "load|unload|bootstrap|bootout|enable|disable|submit", ""}},
	"service":          {{security, Any, ""}},
	"crontab":          {{security, Any, ""}, {security, "", "-r -e"}},
	"iptables":         {{security, Any, ""}, {security, "", "-F -X -A -D -P"}},
	"nft":              {{security, "add|delete|flush", ""}},
	"ufw":              {{security, Any, ""}},
	"setenforce":       {{security, Any, ""}},
	"visudo":           {{security, "", ""}},
	"pre-commit":       {{unconventional, "uninstall", ""}},
	"scp":              {},
}

// targets of task runners that deploy, by their names.
var deployTargets = []string{"deploy", "release", "publish", "ship", "rollout"}

// runners run a target that the project names.
var runners = []string{"make", "gmake", "just", "task", "rake", "invoke", "inv", "npm", "yarn", "pnpm", "bun", "nx", "turbo", "mage", "ant", "grunt", "gulp", "tox", "nox", "composer", "lerna", "moon"}
