import { notFound } from "next/navigation";
import { NewValueNote } from "@/components/candidates/new-value-waits";
import { ConnectionForm } from "@/components/connections/connection-form";
import { ConnectionUses } from "@/components/connections/connection-uses";
import { DeleteConnectionButton } from "@/components/connections/delete-connection-button";
import { InvalidSettingsBanner } from "@/components/connections/invalid-settings";
import { KindTile } from "@/components/connections/kind-tile";
import { NotAllowedBanner } from "@/components/connections/not-allowed";
import { ConnectionStatusBadge } from "@/components/connections/status-badge";
import { UnconfirmedBanner } from "@/components/connections/unconfirmed-banner";
import { QueryProvider } from "@/components/query/query-provider";
import { ReminderNotice } from "@/components/reminders/reminder-notice";
import { BackLink } from "@/components/ui/back-link";
import { allows } from "@/lib/access/policy";
import { getConnection } from "@/lib/connections/queries";
import { listConnectionSecrets } from "@/lib/connections/uses";
import { connectorForm } from "@/lib/connectors/form";
import { findConnector } from "@/lib/connectors/registry";
import { webEnv } from "@/lib/env";
import { notFoundPage, requireScope } from "@/lib/next/require-scope";
import { listRotatedThrough } from "@/lib/password-rotations/queries";
import { listUnconfirmed } from "@/lib/pipeline-tokens/queries";
import { listReadsThrough } from "@/lib/pipelines/queries";
import { findSnooze } from "@/lib/reminders/queries";

export const metadata = { title: "Connection" };

export default async function ConnectionPage({
  params,
}: {
  params: Promise<{ fabricId: string; connectionId: string }>;
}) {
  const { fabricId, connectionId } = await params;
  const scope = await requireScope(fabricId, "connection:list");
  const connection = await getConnection(scope, connectionId).catch(notFoundPage);
  const connector = findConnector(connection.kind) ?? notFound();
  const unconfirmed = await listUnconfirmed(await requireScope(fabricId, "token:list"), connectionId);
  const [secrets, reads] = await Promise.all([
    listConnectionSecrets(scope, connectionId),
    listReadsThrough(scope, connectionId),
  ]);
  const form = connectorForm(connector);
  const titles = Object.fromEntries(form.fields.map(({ name: field, title }) => [field, title]));
  const { id, name, description, properties, status, history, notAllowed, references } = connection;
  const secretTypes = Object.fromEntries(references.map(({ secretId, subKind }) => [secretId, subKind]));
  const values = Object.entries(properties).map(([field, value]) => [field, String(value)]);
  return (
    <section className="flex flex-col gap-5">
      <BackLink href={`/metadata/fabrics/${fabricId}/connections`}>All connections</BackLink>
      <div className="flex flex-wrap items-start justify-between gap-3">
        <div className="flex min-w-0 gap-3">
          <KindTile kind={connector.kind} />
          <div className="min-w-0">
            <h2 className="wrap-anywhere font-semibold text-xl">{name}</h2>
            <p className="mb-2 text-muted">{connector.name}</p>
            <ConnectionStatusBadge status={status} history={history} />
            <NewValueNote fabricId={fabricId} references={references} />
          </div>
        </div>
        <DeleteConnectionButton
          fabricId={fabricId}
          connection={{ id, name }}
          reads={reads}
          rotations={await listRotatedThrough(scope, connectionId)}
          trashDays={webEnv().TRASH_DAYS}
        />
      </div>
      {status.state === "disconnected" && (
        <ReminderNotice
          fabricId={fabricId}
          topic="connection.fails"
          object={{ id, name }}
          snooze={await findSnooze(scope, "connection.fails", id)}
          isOver
          title="This connection is disconnected"
        >
          Its creator is reminded until it works again.
        </ReminderNotice>
      )}
      <InvalidSettingsBanner kind={connection.kind} properties={properties} />
      {notAllowed && (
        <NotAllowedBanner notAllowed={notAllowed} isAdmin={allows(scope.role, "destination:write")} />
      )}
      <UnconfirmedBanner fabricId={fabricId} names={unconfirmed} />
      <QueryProvider>
        <ConnectionForm
          fabricId={fabricId}
          connector={form}
          maxSecretBytes={webEnv().MAX_SECRET_BYTES}
          isAdmin={allows(scope.role, "destination:write")}
          saved={{ id, name, description, properties: Object.fromEntries(values), secretTypes }}
        />
      </QueryProvider>
      <ConnectionUses fabricId={fabricId} secrets={secrets} titles={titles} reads={reads} />
    </section>
  );
}
