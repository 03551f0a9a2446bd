import { RestoreFabricButton } from "@/components/fabrics/restore-fabric-button";
import { Day } from "@/components/ui/day";
import { RelativeTime } from "@/components/ui/relative-time";
import { Table, TBody, Td, THead, Th, Tr } from "@/components/ui/table";
import type { DeletedFabric } from "@/lib/fabrics/schema";

/** The deleted fabrics of the person's teams, until they are destroyed. */
export function DeletedFabrics({ fabrics }: { fabrics: DeletedFabric[] }) {
  if (fabrics.length === 0) return null;
  return (
    <section aria-labelledby="deleted-fabrics" className="mt-10 flex flex-col gap-4">
      <div>
        <h2 id="deleted-fabrics" className="font-semibold text-lg">
          Deleted
        </h2>
        <p className="max-w-2xl text-pretty text-muted">
          Nobody can reach these fabrics. An Admin of the team can undo the deletion until their keys are
          destroyed.
        </p>
      </div>
      <Table label="Deleted fabrics">
        <THead>
          <Th>Name</Th>
          <Th width="w-[18%]">Team</Th>
          <Th width="w-[24%]">Deleted</Th>
          <Th width="w-[22%]">Keys</Th>
          <Th width="w-24" srOnly>
            Actions
          </Th>
        </THead>
        <TBody>
          {fabrics.map((fabric) => (
            <DeletedRow key={fabric.id} fabric={fabric} />
          ))}
        </TBody>
      </Table>
    </section>
  );
}

function DeletedRow({ fabric }: { fabric: DeletedFabric }) {
  const { name, team, deletedAt, deletedByName, destroyAt } = fabric;
  const { isBeingDestroyed, ownMasterKey, canRestore } = fabric;
  return (
    <Tr>
      <Td isMain>
        <span className="block text-muted wide:truncate" title={name}>
          {name}
        </span>
      </Td>
      <Td label="Team">{team.name}</Td>
      <Td label="Deleted">
        <RelativeTime date={deletedAt} /> by {deletedByName}
      </Td>
      <Td label="Keys">
        {isBeingDestroyed ? (
          "Being destroyed"
        ) : (
          <>
            Destroyed on <Day date={destroyAt} />
          </>
        )}
        {ownMasterKey !== null && (
          <p className="text-sm">
            Backups open with master key “{ownMasterKey}”, until it is deleted in its key service.
          </p>
        )}
      </Td>
      <Td align="right" isFoot>
        {canRestore && !isBeingDestroyed && <RestoreFabricButton fabric={fabric} />}
      </Td>
    </Tr>
  );
}
