import { SearchX, Trash2 } from "lucide-react";
import { Suspense } from "react";
import { TrashTable } from "@/components/trash/trash-table";
import { TrashToolbar } from "@/components/trash/trash-toolbar";
import { ButtonLink } from "@/components/ui/button";
import { EmptyState } from "@/components/ui/empty-state";
import { Pagination } from "@/components/ui/pagination";
import { TableSkeleton } from "@/components/ui/skeleton";
import type { Scope } from "@/lib/access/scope";
import { webEnv } from "@/lib/env";
import { requireScope } from "@/lib/next/require-scope";
import { listTrash } from "@/lib/trash/queries";
import { type TrashQuery, trashQuery } from "@/lib/trash/schema";

export const metadata = { title: "Trash" };

export default async function TrashPage({
  params,
  searchParams,
}: {
  params: Promise<{ fabricId: string }>;
  searchParams: Promise<Record<string, string | string[] | undefined>>;
}) {
  const { fabricId } = await params;
  const scope = await requireScope(fabricId, "trash:list");
  const query = trashQuery.parse(await searchParams);
  return (
    <section aria-labelledby="trash" className="group/trash flex flex-col gap-4">
      <h2 id="trash" className="sr-only">
        Trash
      </h2>
      <div className="flex flex-col gap-3 group-has-[[data-trash-empty]]/trash:hidden">
        <p className="max-w-2xl text-pretty text-muted">{aboutTrash(webEnv().TRASH_DAYS)}</p>
        <TrashToolbar />
      </div>
      <Suspense fallback={<TableSkeleton label="Loading the trash" columns={5} rows={6} />}>
        <Trash scope={scope} query={query} />
      </Suspense>
    </section>
  );
}

function aboutTrash(days: number): string {
  if (days === 0) return "Deleted secrets and connections are purged within ten minutes.";
  return `Nothing can use what is here. Deleted secrets and connections can be restored for ${days === 1 ? "one day" : `${days} days`}. Then they are purged for good.`;
}

async function Trash({ scope, query }: { scope: Scope<"trash:list">; query: TrashQuery }) {
  const { items, next, previous, isTrashEmpty } = await listTrash(scope, query);
  if (isTrashEmpty)
    return (
      <div data-trash-empty>
        <EmptyState icon={<Trash2 />} title="The trash is empty">
          {webEnv().TRASH_DAYS === 0
            ? "This installation purges deleted secrets and connections at once."
            : "Deleted secrets and connections of this fabric wait here, and can be restored until they are purged."}
        </EmptyState>
      </div>
    );
  if (items.length === 0)
    return (
      <EmptyState
        icon={<SearchX />}
        title="Nothing in the trash matches"
        action={<ButtonLink href="?">Clear filters</ButtonLink>}
      >
        Try another search or type.
      </EmptyState>
    );
  const href = (cursor: { after: string } | { before: string }) =>
    `?${new URLSearchParams({
      ...(query.search ? { search: query.search } : {}),
      ...(query.type ? { type: query.type } : {}),
      ...cursor,
    })}`;
  return (
    <>
      <TrashTable fabricId={scope.fabricId} items={items} />
      <Pagination
        label="Pages of the trash"
        previousHref={previous && href({ before: previous })}
        nextHref={next && href({ after: next })}
      />
    </>
  );
}
