import { Link } from "@/components/ui/link";
import type { UnopenedValue } from "@/lib/fabric-keys/schema";
import { fieldsOf, isSubKind } from "@/lib/secrets/kinds/registry";

/** The stored values that a rotation could not open. Admins decide what becomes of them. */
export function UnopenedValueList({
  fabricId,
  values,
}: {
  fabricId: string;
  values: readonly UnopenedValue[];
}) {
  return (
    <div className="flex flex-col gap-2 border-line border-t pt-3">
      <p className="text-pretty">
        These values could not be opened: somebody changed them, or their key is damaged. They stay under the
        former key. Replace them or delete their secrets, and Automate destroys that key as soon as nothing
        needs it.
      </p>
      <ul className="flex list-disc flex-col gap-1 pl-5">
        {values.map(({ secretId, secretName, subKind, field, version, isDeleted }) => (
          <li key={`${secretId} ${field} ${version}`} className="wrap-anywhere">
            {isDeleted ? (
              <>{secretName} (deleted)</>
            ) : (
              <Link
                href={`/metadata/fabrics/${fabricId}/secrets/${secretId}`}
                className="font-medium text-accent-text hover:underline"
              >
                {secretName}
              </Link>
            )}
            , {titleOf(subKind, field)}, version {version}
          </li>
        ))}
      </ul>
    </div>
  );
}

function titleOf(subKind: string, field: string): string {
  const title = isSubKind(subKind) ? fieldsOf(subKind)[field]?.title : undefined;
  return title ?? field;
}
