import { CircleX } from "lucide-react";
import { NewValueBadge } from "@/components/candidates/new-value-waits";
import { SecretExpiryCell } from "@/components/expiry/secret-expiry-cell";
import { SecretKindIcon } from "@/components/secrets/secret-kind-icon";
import { sortHref } from "@/components/secrets/secret-list-href";
import { usersText } from "@/components/secrets/users-text";
import { Badge } from "@/components/ui/badge";
import { Link } from "@/components/ui/link";
import { RelativeTime } from "@/components/ui/relative-time";
import { RowLink, Table, TBody, Td, THead, Th, Tr } from "@/components/ui/table";
import { secretKinds } from "@/lib/secrets/kinds/registry";
import type { SecretListQuery, SecretSort, SecretSummary } from "@/lib/secrets/schema";

export function SecretsTable({
  fabricId,
  query,
  secrets,
}: {
  fabricId: string;
  query: SecretListQuery;
  secrets: SecretSummary[];
}) {
  const sortable = (sort: SecretSort) => ({
    sort: query.sort === sort ? query.order : ("none" as const),
    href: sortHref(query, sort),
  });
  return (
    <Table label="Secrets">
      <THead>
        <Th {...sortable("name")}>Name</Th>
        <Th {...sortable("type")} width="w-48">
          Type
        </Th>
        <Th width="w-32">Used by</Th>
        <Th {...sortable("used")} width="w-36">
          Last used
        </Th>
        <Th {...sortable("expires")} width="w-40">
          Expires
        </Th>
        <Th width="w-36" isExtra>
          Owner
        </Th>
        <Th {...sortable("updated")} width="w-36" isExtra>
          Updated
        </Th>
      </THead>
      <TBody>
        {secrets.map((secret) => (
          <SecretRow
            key={secret.id}
            href={`/metadata/fabrics/${fabricId}/secrets/${secret.id}`}
            secret={secret}
          />
        ))}
      </TBody>
    </Table>
  );
}

function SecretRow({ href, secret }: { href: string; secret: SecretSummary }) {
  const { name, subKind, description, owner } = secret;
  return (
    <Tr>
      <Td isMain>
        <RowLink href={href} name={name} />
        {secret.hasNewValue && <NewValueBadge />}
        {secret.rotationFails && (
          <Badge tone="danger" icon={<CircleX aria-hidden />}>
            Rotation failed
          </Badge>
        )}
        {description && (
          <p className="font-normal text-muted text-sm wide:truncate card:line-clamp-3" title={description}>
            {description}
          </p>
        )}
      </Td>
      <Td label="Type">
        <div className="flex items-center gap-2">
          <SecretKindIcon subKind={subKind} className="size-4 shrink-0" />
          {secretKinds[subKind].label}
        </div>
      </Td>
      <Td label="Used by">
        <UsedBy href={`${href}#used-by`} secret={secret} />
      </Td>
      <Td label="Last used">
        <LastUsed secret={secret} />
      </Td>
      <Td label="Expires">
        <SecretExpiryCell expiry={secret.expiry} />
      </Td>
      <Td label="Owner" isExtra>
        {owner ? (
          <span className="block truncate" title={owner.email}>
            {owner.name}
          </span>
        ) : (
          <span className="text-faint">Admins</span>
        )}
      </Td>
      <Td label="Updated" isExtra>
        <RelativeTime date={secret.updatedAt} />
        <span className="block truncate text-faint text-sm" title={secret.updatedByName}>
          {secret.updatedByName}
        </span>
      </Td>
    </Tr>
  );
}

function UsedBy({ href, secret }: { href: string; secret: SecretSummary }) {
  const users = usersText(secret);
  if (users === "")
    return <span className="text-faint">{secret.lastUsedAt ? "Nothing now" : "Nothing yet"}</span>;
  return (
    <>
      <Link href={href} className="rounded-sm text-accent-text hover:underline">
        {users}
      </Link>
      {secret.failing > 0 && (
        <Badge tone="danger" icon={<CircleX aria-hidden />}>
          {secret.failing} failing
        </Badge>
      )}
    </>
  );
}

function LastUsed({ secret: { lastUsedAt } }: { secret: SecretSummary }) {
  return lastUsedAt ? <RelativeTime date={lastUsedAt} /> : <span className="text-faint">Never</span>;
}
