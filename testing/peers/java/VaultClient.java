import io.github.jopenlibs.vault.Vault;
import io.github.jopenlibs.vault.VaultConfig;
import io.github.jopenlibs.vault.VaultException;
import io.github.jopenlibs.vault.json.JsonArray;
import io.github.jopenlibs.vault.json.JsonObject;
import io.github.jopenlibs.vault.response.LogicalResponse;
import java.util.List;
import java.util.Map;

/** Runs vault-java-driver, as its documentation shows it, and prints what each operation returned as JSON. */
public class VaultClient {
    static final String token = System.getenv("VAULT_TOKEN");
    static final String fabric = System.getenv("PEER_FABRIC");
    static final String mount = System.getenv("PEER_MOUNT");
    static final String jwt = System.getenv("PEER_JWT");

    interface Work {
        LogicalResponse run() throws VaultException;
    }

    static Vault client(String as) throws VaultException {
        String address = System.getenv("VAULT_ADDR");
        return Vault.create(new VaultConfig().address(address).token(as).engineVersion(2).build());
    }

    static JsonObject read(String as, String name) throws VaultException {
        return object(client(as).logical().read(mount + "/" + name).getData());
    }

    static JsonObject object(Map<String, String> data) {
        JsonObject made = new JsonObject();
        data.forEach(made::add);
        return made;
    }

    static JsonArray array(List<String> items) {
        JsonArray made = new JsonArray();
        items.forEach(made::add);
        return made;
    }

    static String errorOf(Work work) {
        int status;
        try {
            status = work.run().getRestResponse().getStatus();
        } catch (VaultException error) {
            status = error.getHttpStatusCode();
        }
        return status == 404 ? "not found" : status == 403 ? "permission denied" : "status " + status;
    }

    public static void main(String[] args) throws VaultException {
        Vault own = client(token);
        Vault anybody = client("");
        JsonArray types = new JsonArray();
        for (String name : List.of("warehouse", "ca", "crm_basic", "crm_oauth")) types.add(read(token, name));
        JsonObject answers = new JsonObject()
            .add("state", new JsonObject()
                .add("initialized", anybody.debug().health().getInitialized())
                .add("sealed", anybody.seal().sealStatus().getSealed()))
            .add("token", read(token, "warehouse"))
            .add("approle", read(anybody.auth().loginByAppRole(fabric, token).getAuthClientToken(), "warehouse"))
            .add("jwt", read(anybody.auth().loginByJwt("jwt", fabric, jwt).getAuthClientToken(), "warehouse"))
            .add("kubernetes", read(anybody.auth().loginByKubernetes(fabric, jwt).getAuthClientToken(), "warehouse"))
            .add("types", types)
            .add("version", object(own.logical().read(mount + "/rotated", true, 2).getData()))
            .add("list by list=", array(own.logical().list(mount).getListData()))
            .add("folder", array(own.logical().list(mount + "/variables").getListData()))
            .add("connection", read(token, "connections/orders"))
            .add("lookup", own.auth().lookupSelf().getDisplayName())
            .add("missing", errorOf(() -> own.logical().read(mount + "/none")))
            .add("wrong token", errorOf(() -> client("svp_x").logical().read(mount + "/warehouse")))
            .add("write", errorOf(() -> own.logical().write(mount + "/warehouse", Map.of("value", "x"))));
        System.out.println(answers);
    }
}
