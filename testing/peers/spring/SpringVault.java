import com.fasterxml.jackson.databind.ObjectMapper;
import java.net.URI;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.springframework.http.client.SimpleClientHttpRequestFactory;
import org.springframework.vault.VaultException;
import org.springframework.vault.authentication.AppRoleAuthentication;
import org.springframework.vault.authentication.AppRoleAuthenticationOptions;
import org.springframework.vault.authentication.AppRoleAuthenticationOptions.RoleId;
import org.springframework.vault.authentication.AppRoleAuthenticationOptions.SecretId;
import org.springframework.vault.authentication.ClientAuthentication;
import org.springframework.vault.authentication.JwtAuthentication;
import org.springframework.vault.authentication.JwtAuthenticationOptions;
import org.springframework.vault.authentication.KubernetesAuthentication;
import org.springframework.vault.authentication.KubernetesAuthenticationOptions;
import org.springframework.vault.authentication.SimpleSessionManager;
import org.springframework.vault.authentication.TokenAuthentication;
import org.springframework.vault.client.SimpleVaultEndpointProvider;
import org.springframework.vault.client.VaultClients;
import org.springframework.vault.client.VaultEndpoint;
import org.springframework.vault.core.VaultKeyValueOperations;
import org.springframework.vault.core.VaultKeyValueOperationsSupport.KeyValueBackend;
import org.springframework.vault.core.VaultTemplate;
import org.springframework.vault.support.VaultResponseSupport;
import org.springframework.vault.support.Versioned.Version;
import org.springframework.web.client.RestOperations;

/** Runs Spring Vault, and prints what each operation returned. */
public class SpringVault {
  private static final String mount = System.getenv("PEER_MOUNT");
  private static final String fabric = System.getenv("PEER_FABRIC");
  // A path in the address replaces /v1.
  private static final VaultEndpoint endpoint =
      VaultEndpoint.from(URI.create(System.getenv("VAULT_ADDR") + "/v1"));
  private static final RestOperations http =
      VaultClients.createRestTemplate(
          SimpleVaultEndpointProvider.of(endpoint), new SimpleClientHttpRequestFactory());

  public static void main(String[] args) throws Exception {
    String token = System.getenv("VAULT_TOKEN");
    VaultTemplate own = as(new TokenAuthentication(token));
    VaultKeyValueOperations secrets = secretsOf(own);
    Map<String, Object> answers = new LinkedHashMap<>();
    var health = own.opsForSys().health();
    answers.put("state", Map.of("initialized", health.isInitialized(), "sealed", health.isSealed()));
    answers.put("token", read(secrets, "warehouse"));
    var roles =
        AppRoleAuthenticationOptions.builder()
            .roleId(RoleId.provided(fabric))
            .secretId(SecretId.provided(token))
            .build();
    answers.put("approle", read(secretsOf(as(new AppRoleAuthentication(roles, http))), "warehouse"));
    String workload = System.getenv("PEER_JWT");
    var signed = JwtAuthenticationOptions.builder().role(fabric).jwt(workload).build();
    answers.put("jwt", read(secretsOf(as(new JwtAuthentication(signed, http))), "warehouse"));
    var service = KubernetesAuthenticationOptions.builder().role(fabric).jwtSupplier(() -> workload).build();
    answers.put("kubernetes", read(secretsOf(as(new KubernetesAuthentication(service, http))), "warehouse"));
    List<Object> types = new ArrayList<>();
    for (String name : List.of("warehouse", "ca", "crm_basic", "crm_oauth")) types.add(read(secrets, name));
    answers.put("types", types);
    var versioned = own.opsForVersionedKeyValue(mount);
    answers.put("version", versioned.get("rotated", Version.from(2)).getData());
    answers.put("metadata", versioned.opsForKeyValueMetadata().get("rotated").getCurrentVersion());
    answers.put("list by list=", secrets.list(""));
    answers.put("folder", secrets.list("variables"));
    answers.put("connection", read(secrets, "connections/orders"));
    answers.put("lookup", own.read("auth/token/lookup-self").getRequiredData().get("display_name"));
    var asked = own.write("sys/capabilities-self", Map.of("paths", List.of(mount + "/data/warehouse")));
    answers.put("capabilities", asked.getRequiredData().get("capabilities"));
    answers.put("mount", own.opsForSys().getMounts().get(mount + "/").getOptions().get("version"));
    answers.put("missing", secrets.get("none") == null ? "not found" : "found");
    answers.put("wrong token", errorOf(() -> read(secretsOf(as(new TokenAuthentication("svp_x"))), "warehouse")));
    answers.put(
        "write",
        errorOf(
            () -> {
              secrets.put("warehouse", Map.of("value", "x"));
              return null;
            }));
    answers.put("new token", errorOf(() -> own.opsForToken().create()));
    System.out.println(new ObjectMapper().writeValueAsString(answers));
  }

  private static VaultTemplate as(ClientAuthentication authentication) {
    return new VaultTemplate(
        endpoint, new SimpleClientHttpRequestFactory(), new SimpleSessionManager(authentication));
  }

  private static VaultKeyValueOperations secretsOf(VaultTemplate template) {
    return template.opsForKeyValue(mount, KeyValueBackend.KV_2);
  }

  private static Object read(VaultKeyValueOperations secrets, String name) {
    VaultResponseSupport<Map<String, Object>> answer = secrets.get(name);
    return answer.getRequiredData();
  }

  private static String errorOf(Callable<Object> run) throws Exception {
    try {
      run.call();
      return "no error";
    } catch (VaultException error) {
      String message = String.valueOf(error.getMessage());
      return message.contains("permission denied") ? "permission denied" : message;
    }
  }
}
