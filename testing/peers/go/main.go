// Runs Go's Vault client, as its documentation shows it, and prints what each operation returned as JSON.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/hashicorp/vault/api"
	"github.com/hashicorp/vault/api/auth/approle"
	"github.com/hashicorp/vault/api/auth/kubernetes"
)

var ctx = context.Background()
var token, fabric = os.Getenv("VAULT_TOKEN"), os.Getenv("PEER_FABRIC")
var mount, jwt = os.Getenv("PEER_MOUNT"), os.Getenv("PEER_JWT")

func must[T any](value T, err error) T {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	return value
}

func client(token string) *api.Client {
	made := must(api.NewClient(api.DefaultConfig()))
	made.SetToken(token)
	return made
}

func read(client *api.Client, path string) map[string]any {
	return must(client.KVv2(mount).Get(ctx, path)).Data
}

func loggedIn(method api.AuthMethod) *api.Client {
	made := client("")
	must(made.Auth().Login(ctx, method))
	return made
}

func errorOf[T any](_ T, err error) string {
	var answer *api.ResponseError
	if errors.Is(err, api.ErrSecretNotFound) {
		return "not found"
	}
	if errors.As(err, &answer) && answer.StatusCode == 403 {
		return "permission denied"
	}
	if errors.As(err, &answer) && answer.StatusCode == 400 {
		return "refused"
	}
	return fmt.Sprint(err)
}

func main() {
	own, anybody := client(token), client("")
	role := must(approle.NewAppRoleAuth(fabric, &approle.SecretID{FromString: token}))
	pod := must(kubernetes.NewKubernetesAuth(fabric, kubernetes.WithServiceAccountToken(jwt)))
	workload := must(kubernetes.NewKubernetesAuth(fabric, kubernetes.WithServiceAccountToken(jwt), kubernetes.WithMountPath("jwt")))
	kv := own.KVv2(mount)
	path := mount + "/data/warehouse"
	wrapping := client(token)
	wrapping.SetWrappingLookupFunc(func(string, string) string { return "60s" })
	// What `vault kv` asks before it reads.
	engine := must(own.Logical().Read("sys/internal/ui/mounts/" + path))
	answers := map[string]any{
		"state": map[string]any{
			"initialized": must(anybody.Sys().InitStatus()),
			"sealed":      must(anybody.Sys().SealStatus()).Sealed,
		},
		"leader":        must(anybody.Sys().Leader()).HAEnabled,
		"token":         read(own, "warehouse"),
		"approle":       read(loggedIn(role), "warehouse"),
		"jwt":           read(loggedIn(workload), "warehouse"),
		"kubernetes":    read(loggedIn(pod), "warehouse"),
		"types":         []any{read(own, "warehouse"), read(own, "ca"), read(own, "crm_basic"), read(own, "crm_oauth")},
		"version":       must(kv.GetVersion(ctx, "rotated", 2)).Data,
		"metadata":      must(kv.GetMetadata(ctx, "rotated")).CurrentVersion,
		"list by list=": must(own.Logical().List(mount + "/metadata")).Data["keys"],
		"folder":        must(own.Logical().List(mount + "/metadata/variables")).Data["keys"],
		"connection":    read(own, "connections/orders"),
		"lookup":        must(own.Auth().Token().LookupSelf()).Data["display_name"],
		"capabilities":  must(own.Sys().CapabilitiesSelf(path)),
		"mount":         engine.Data["options"].(map[string]any)["version"],
		"missing":       errorOf(kv.Get(ctx, "none")),
		"wrong token":   errorOf(client("svp_x").KVv2(mount).Get(ctx, "warehouse")),
		"write":         errorOf(kv.Put(ctx, "warehouse", map[string]any{"value": "x"})),
		"new token":     errorOf(own.Auth().Token().Create(&api.TokenCreateRequest{})),
		"wrapping":      errorOf(wrapping.Logical().Read(path)),
	}
	if tuning := must(own.Sys().MountConfig(mount)); tuning.MaxLeaseTTL == 0 || !strings.HasPrefix(must(own.Sys().Health()).Version, "1.") {
		answers["mount"] = "no tuning or no version"
	}
	must(0, json.NewEncoder(os.Stdout).Encode(answers))
}
