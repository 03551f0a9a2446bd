"use client";

import { ConfirmedActButton } from "@/components/reauthenticate/confirmed-act-button";
import { Banner } from "@/components/ui/banner";
import { formatDestination } from "@/lib/connectors/format-destination";
import { allowTokenServerAction } from "@/lib/destinations/actions";

/** Says that pipelines get no tokens for an M2M OAuth secret, because its token server is not allowed. */
export function TokenServerNotAllowed({
  fabricId,
  secret,
  server,
  isAdmin,
}: {
  fabricId: string;
  secret: { id: string; name: string; version: number };
  server: string;
  isAdmin: boolean;
}) {
  const words = formatDestination(server);
  return (
    <Banner
      tone="warning"
      title="Pipelines get no tokens until the token server is allowed"
      action={
        isAdmin && (
          <ConfirmedActButton
            verb="Allow"
            name={words}
            title="Allow this token server?"
            tone="primary"
            act={() => allowTokenServerAction(fabricId, { secretId: secret.id, version: secret.version })}
            done={{ title: "Token server allowed", description: words }}
          >
            Selvage sends the client ID and client secret of {secret.name} to {words}.
          </ConfirmedActButton>
        )
      }
    >
      <span className="wrap-anywhere">
        The Auth URL points to {words}. Another person entered a part of this value, or an Admin removed the
        destination.
      </span>{" "}
      {!isAdmin && "An Admin of the team can allow it here."}
    </Banner>
  );
}
