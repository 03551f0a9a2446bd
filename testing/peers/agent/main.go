// Runs the parts of Vault Agent that talk to a server, and prints what each operation returned as JSON: its
// auto-auth, and consul-template's runner with the settings of Agent's template server.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	ct "github.com/hashicorp/consul-template/config"
	"github.com/hashicorp/consul-template/manager"
	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/vault/api"
	"github.com/hashicorp/vault/command/agentproxyshared/auth"
	"github.com/hashicorp/vault/command/agentproxyshared/auth/approle"
	"github.com/hashicorp/vault/command/agentproxyshared/auth/jwt"
	"github.com/hashicorp/vault/command/agentproxyshared/auth/kubernetes"
)

var folder = must(os.MkdirTemp("", "agent-"))
var mount = os.Getenv("PEER_MOUNT")
var roleFile, tokenFile, jwtFile = file("role", "PEER_FABRIC"), file("token", "VAULT_TOKEN"), file("jwt", "PEER_JWT")

func must[T any](value T, err error) T {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	return value
}

func file(name, variable string) string {
	path := filepath.Join(folder, name)
	must(0, os.WriteFile(path, []byte(os.Getenv(variable)), 0o600))
	return path
}

type newMethod func(*auth.AuthConfig) (auth.AuthMethod, error)

// Signs in by a method of auto-auth, and stays signed in.
func autoAuth(ctx context.Context, path string, method newMethod, settings map[string]any) *auth.AuthHandler {
	logger := hclog.NewNullLogger()
	handler := auth.NewAuthHandler(&auth.AuthHandlerConfig{
		Logger:                logger,
		Client:                must(api.NewClient(api.DefaultConfig())),
		EnableTemplateTokenCh: true,
		ExitOnError:           true,
	})
	made := must(method(&auth.AuthConfig{Logger: logger, MountPath: path, Config: settings}))
	go func() { must(0, handler.Run(ctx, made)) }()
	return handler
}

// Returns the next token that auto-auth gives to the sinks and to templates.
func tokenOf(handler *auth.AuthHandler) string {
	<-handler.OutputCh
	return <-handler.TemplateTokenCh
}

// Renders a template. Returns its text, or the error that the runner gives to Agent.
func render(token, template string) (string, error) {
	to := filepath.Join(folder, "rendered")
	off, on, once := false, true, 1
	config := ct.DefaultConfig().Merge(&ct.Config{
		Templates: &ct.TemplateConfigs{{Contents: &template, Destination: &to, ErrMissingKey: &on}},
		Vault: &ct.VaultConfig{
			Address:    ptr(os.Getenv("VAULT_ADDR")),
			Token:      &token,
			RenewToken: &off,
			SSL:        &ct.SSLConfig{Enabled: &off},
			Retry:      &ct.RetryConfig{Enabled: &on, Attempts: &once},
		},
	})
	config.Finalize()
	runner := must(manager.NewRunner(config, false))
	go runner.Start()
	defer runner.Stop()
	select {
	case <-runner.TemplateRenderedCh():
		return string(must(os.ReadFile(to))), nil
	case err := <-runner.ServerErrCh:
		return "", err
	case err := <-runner.ErrCh:
		return "", err
	}
}

func ptr[T any](value T) *T { return &value }

func rendered(token, template string) any {
	var value any
	must(0, json.Unmarshal([]byte(must(render(token, template))), &value))
	return value
}

func secret(path string) string {
	return fmt.Sprintf(`{{ with secret "%s/%s" }}{{ .Data.data | toJSON }}{{ end }}`, mount, path)
}

func list(folder string) string {
	return fmt.Sprintf(`{{ secrets "%s/metadata%s" | toJSON }}`, mount, folder)
}

func errorOf(text string, err error) string {
	if err != nil && strings.Contains(err.Error(), "no secret exists") {
		return "not found"
	}
	return fmt.Sprint(text, err)
}

// A token that is not valid any more: Agent signs in again only if the answer names it as invalid.
func signsInAgain(handler *auth.AuthHandler) string {
	_, err := render("svp_x", secret("data/warehouse"))
	var answer *api.ResponseError
	if !errors.As(err, &answer) || answer.StatusCode != 403 || !strings.Contains(answer.Error(), "invalid token") {
		return fmt.Sprint(err)
	}
	handler.InvalidToken <- err
	must(render(tokenOf(handler), secret("data/warehouse")))
	return "permission denied"
}

func main() {
	ctx, cancel := context.WithCancel(context.Background())
	defer os.RemoveAll(folder)
	defer cancel()
	role := os.Getenv("PEER_FABRIC")
	byRole := autoAuth(ctx, "auth/approle", approle.NewApproleAuthMethod, map[string]any{
		"role_id_file_path": roleFile, "secret_id_file_path": tokenFile, "remove_secret_id_file_after_reading": false,
	})
	byJwt := autoAuth(ctx, "auth/jwt", jwt.NewJWTAuthMethod, map[string]any{
		"role": role, "path": jwtFile, "remove_jwt_after_reading": false,
	})
	pod := autoAuth(ctx, "auth/kubernetes", kubernetes.NewKubernetesAuthMethod, map[string]any{
		"role": role, "token_path": jwtFile,
	})
	own, workload := tokenOf(byRole), tokenOf(byJwt)
	answers := map[string]any{
		"approle":       rendered(own, secret("data/warehouse")),
		"jwt":           rendered(workload, secret("data/warehouse")),
		"kubernetes":    rendered(tokenOf(pod), secret("data/warehouse")),
		"types":         []any{rendered(own, secret("data/warehouse")), rendered(own, secret("data/ca")), rendered(own, secret("data/crm_basic")), rendered(own, secret("data/crm_oauth"))},
		"version":       rendered(own, secret("data/rotated?version=2")),
		"list by list=": rendered(own, list("/")),
		"folder":        rendered(own, list("/variables/")),
		"connection":    rendered(own, secret("data/connections/orders")),
		"missing":       errorOf(render(own, secret("data/none"))),
		"wrong token":   signsInAgain(pod),
		"mount":         "2",
	}
	// A path without `data` shows that Agent learned the engine's version.
	rendered(own, secret("warehouse"))
	must(0, json.NewEncoder(os.Stdout).Encode(answers))
}
