import { CircleCheck, CircleX, TriangleAlert } from "lucide-react";
import { Banner } from "@/components/ui/banner";
import { Link } from "@/components/ui/link";
import { Table, TBody, Td, THead, Th, Tr } from "@/components/ui/table";
import type { Comparison, Difference, Found } from "@/lib/comparisons/schema";
import { isSubKind, secretKinds } from "@/lib/secrets/kinds/registry";

/** The names that some fabric lacks, or has with another type. */
export function ComparisonResult({
  fabricId,
  comparison: { fabrics, names, different, differences },
  kindNames,
}: {
  fabricId: string;
  comparison: Comparison;
  kindNames: KindNames;
}) {
  if (different === 0)
    return (
      <Banner tone={names === 0 ? "info" : "success"} isLive>
        {names === 0
          ? "There are no names to look for."
          : `${names === 1 ? "The name is" : `All ${names} names are`} there, with the same type.`}
      </Banner>
    );
  return (
    <div className="flex flex-col gap-3">
      <p role="status" className="font-medium">
        {different} of {names} {names === 1 ? "name differs" : "names differ"}
      </p>
      <Table label="Differences">
        <THead>
          <Th>Name</Th>
          <Th width="w-44">In this fabric</Th>
          {fabrics
            .filter(({ id }) => id !== fabricId)
            .map(({ id, name }) => (
              <Th key={id}>{name}</Th>
            ))}
        </THead>
        <TBody>
          {differences.map((difference) => (
            <Row
              key={`${difference.noun} ${difference.name}`}
              fabricId={fabricId}
              fabrics={fabrics}
              difference={difference}
              kindNames={kindNames}
            />
          ))}
        </TBody>
      </Table>
      {different > differences.length && (
        <p className="text-muted text-sm">The first {differences.length} are shown.</p>
      )}
    </div>
  );
}

function Row({
  fabricId,
  fabrics,
  difference: { noun, name, expected, found },
  kindNames,
}: {
  fabricId: string;
  fabrics: Comparison["fabrics"];
  difference: Difference;
  kindNames: KindNames;
}) {
  return (
    <Tr>
      <Td isMain>
        {name}
        <span className="block font-normal text-faint text-sm">
          {noun === "secret" ? "Secret" : "Connection"}
        </span>
      </Td>
      <Td label="In this fabric">
        {expected === null ? <Mark is="missing">Missing</Mark> : labelOf(expected, kindNames)}
      </Td>
      {fabrics.map(({ id, name: fabric }, at) =>
        id === fabricId ? null : (
          <Td key={id} label={fabric}>
            <State
              fabricId={id}
              noun={noun}
              expected={expected}
              found={found[at] ?? null}
              kindNames={kindNames}
            />
          </Td>
        ),
      )}
    </Tr>
  );
}

function State({
  fabricId,
  noun,
  expected,
  found,
  kindNames,
}: {
  fabricId: string;
  noun: Difference["noun"];
  expected: string | null;
  found: Found;
  kindNames: KindNames;
}) {
  const home = `/metadata/fabrics/${fabricId}/${noun}s`;
  if (found === null)
    return (
      <Mark is="missing">
        Missing in{" "}
        <Link href={home} className="rounded-sm text-accent-text hover:underline">
          {noun}s
        </Link>
      </Mark>
    );
  const isOther = expected !== null && found.type !== expected;
  return (
    <>
      <Mark is={isOther ? "other" : "same"}>{labelOf(found.type, kindNames)}</Mark>
      {found.isFormer && <span className="block text-faint text-sm">By a former name</span>}
    </>
  );
}

const icons = { missing: CircleX, other: TriangleAlert, same: CircleCheck };
const tones = { missing: "text-danger-text", other: "text-warning-text", same: "text-success-text" };

function Mark({ is, children }: { is: keyof typeof icons; children: React.ReactNode }) {
  const Icon = icons[is];
  return (
    <span className="flex items-start gap-1.5">
      <Icon aria-hidden className={`mt-0.5 size-4 shrink-0 ${tones[is]}`} />
      <span className="min-w-0">
        {is === "other" && "Another type: "}
        {children}
      </span>
    </span>
  );
}

type KindNames = Readonly<Record<string, string>>;

/** The label of a type of secret, or the name of a kind of connection. */
function labelOf(type: string, kindNames: KindNames): string {
  return isSubKind(type) ? secretKinds[type].label : (kindNames[type] ?? type);
}
