import { NewValue } from "@/components/candidates/new-value";
import { UndoButton } from "@/components/candidates/undo-button";
import { WaitingRequestList } from "@/components/destinations/waiting-requests";
import { SecretExpiryNotice } from "@/components/expiry/secret-expiry-notice";
import { WhoCan } from "@/components/fabrics/who-can";
import { RotationSection } from "@/components/password-rotations/rotation-section";
import { QueryProvider } from "@/components/query/query-provider";
import { DeleteSecretButton } from "@/components/secrets/delete-secret-button";
import { EditDescriptionButton } from "@/components/secrets/edit-description-button";
import { FormerNames } from "@/components/secrets/former-names";
import { PausedAttempts } from "@/components/secrets/paused-attempts";
import { RenameSecretButton } from "@/components/secrets/rename-secret-button";
import { ReplaceValueButton } from "@/components/secrets/replace-value-button";
import { SecretAbout } from "@/components/secrets/secret-about";
import { SecretDestinations } from "@/components/secrets/secret-destinations";
import { SecretFieldList } from "@/components/secrets/secret-field-list";
import { SecretHeader } from "@/components/secrets/secret-header";
import { SecretUsedBy } from "@/components/secrets/secret-used-by";
import { SecretVersions } from "@/components/secrets/secret-versions";
import { TokenServerNotAllowed } from "@/components/secrets/token-server";
import { ButtonLink } from "@/components/ui/button";
import { allows } from "@/lib/access/policy";
import { findUndo, getCandidate } from "@/lib/candidates/queries";
import { isRecent } from "@/lib/candidates/schema";
import { usersOf } from "@/lib/connections/using";
import { listPausedAttempts } from "@/lib/credential-attempts/queries";
import { findTokenServerToAllow, listWaitingRequests } from "@/lib/destinations/queries";
import { webEnv } from "@/lib/env";
import { listPossibleOwners } from "@/lib/expiry/queries";
import { getFabric } from "@/lib/fabrics/queries";
import { notFoundPage, requireScope } from "@/lib/next/require-scope";
import { getRotation, listAdministrators } from "@/lib/password-rotations/queries";
import { findSnooze } from "@/lib/reminders/queries";
import { secretKinds } from "@/lib/secrets/kinds/registry";
import { getSecret } from "@/lib/secrets/queries";

export const metadata = { title: "Secret" };

export default async function SecretPage({
  params,
}: {
  params: Promise<{ fabricId: string; secretId: string }>;
}) {
  const { fabricId, secretId } = await params;
  const scope = await requireScope(fabricId, "secret:list");
  const secret = await getSecret(scope, secretId).catch(notFoundPage);
  const users = await usersOf(scope, secret);
  const paused = await listPausedAttempts(scope, secretId);
  const waiting = await listWaitingRequests(scope, secretId);
  const isAdmin = allows(scope.role, "destination:write");
  const canDelete =
    allows(scope.role, "secret:delete") || (secret.isCreator && allows(scope.role, "secret:delete:own"));
  const server = await findTokenServerToAllow(scope, secret);
  const candidate = await getCandidate(scope, secretId);
  const undo = await findUndo(scope, secretId);
  const fabric = await getFabric(await requireScope(fabricId, "fabric:see"));
  return (
    <div className="flex flex-col gap-6">
      <SecretHeader fabricId={fabricId} secret={secret}>
        {candidate?.state !== "open" && (
          <ReplaceValueButton
            fabricId={fabricId}
            secret={{ ...secret, ...users }}
            maxSecretBytes={webEnv().MAX_SECRET_BYTES}
          />
        )}
        <RenameSecretButton fabricId={fabricId} users={users} />
        <ButtonLink href={`/metadata/fabrics/${fabricId}/secrets/entry-links?secret=${secretId}`}>
          Ask for the value
        </ButtonLink>
        <EditDescriptionButton fabricId={fabricId} secret={secret} />
        {canDelete && (
          <DeleteSecretButton fabricId={fabricId} users={users} trashDays={webEnv().TRASH_DAYS} />
        )}
      </SecretHeader>
      {candidate && (
        <NewValue
          fabricId={fabricId}
          candidate={candidate}
          secret={{ version: secret.version, readers: secret.readers }}
          undo={undo}
          isAdmin={isAdmin}
          isRecent={isRecent(candidate)}
        />
      )}
      <div className="grid items-start gap-5 lg:grid-cols-[minmax(0,1fr)_20rem]">
        <div className="flex min-w-0 flex-col gap-5">
          {server && (
            <TokenServerNotAllowed fabricId={fabricId} secret={secret} server={server} isAdmin={isAdmin} />
          )}
          <SecretExpiryNotice
            fabricId={fabricId}
            secret={secret}
            snooze={await findSnooze(scope, "secret.expires", secretId)}
          />
          <WaitingRequestList fabricId={fabricId} waiting={waiting} isAdmin={isAdmin} ofOneSecret />
          <PausedAttempts
            fabricId={fabricId}
            secretId={secretId}
            paused={paused}
            isAdmin={allows(scope.role, "credential-attempt:reset")}
          />
          <SecretFieldList secret={secret} />
          <QueryProvider>
            <SecretUsedBy
              fabricId={fabricId}
              initial={{ ...users, lastUsedAt: secret.lastUsedAt, readsByDay: secret.readsByDay }}
            />
          </QueryProvider>
          <RotationSection
            fabricId={fabricId}
            secret={{
              id: secret.id,
              name: secret.name,
              givesUser: secretKinds[secret.subKind].givesUser === true,
              destinations: secret.destinations.map(({ destination }) => destination),
            }}
            rotation={await getRotation(scope, secretId)}
            administrators={await listAdministrators(scope, secretId)}
            isAdmin={allows(scope.role, "rotation:write")}
          />
          <SecretDestinations fabricId={fabricId} secret={secret} isAdmin={isAdmin} />
        </div>
        <div className="flex min-w-0 flex-col gap-5">
          <SecretAbout fabricId={fabricId} secret={secret} owners={await listPossibleOwners(scope)} />
          <SecretVersions
            secret={secret}
            undo={undo && <UndoButton fabricId={fabricId} secretId={secretId} undo={undo} />}
          />
          <FormerNames fabricId={fabricId} secret={secret} isAdmin={allows(scope.role, "secret:name:drop")} />
        </div>
      </div>
      {!canDelete && (
        <WhoCan act="and the secret’s creator can delete it" team={fabric.team.name} admins={fabric.admins} />
      )}
    </div>
  );
}
