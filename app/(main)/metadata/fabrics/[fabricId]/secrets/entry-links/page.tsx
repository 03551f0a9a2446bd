import { Send } from "lucide-react";
import { CreateEntryLinkButton } from "@/components/entry-links/create-entry-link-button";
import { EntryLinkTable } from "@/components/entry-links/entry-link-table";
import { BackLink } from "@/components/ui/back-link";
import { EmptyState } from "@/components/ui/empty-state";
import { RefreshWhile } from "@/components/ui/refresh-while";
import {
  getEntrySecret,
  listDestinationOptions,
  listEntryLinks,
  listShownAuthorities,
  maxShownLinks,
} from "@/lib/entry-links/queries";
import { notFoundPage, requireScope } from "@/lib/next/require-scope";

export const metadata = { title: "Entry links" };

export default async function EntryLinksPage({
  params,
  searchParams,
}: {
  params: Promise<{ fabricId: string }>;
  searchParams: Promise<{ secret?: string | string[] }>;
}) {
  const { fabricId } = await params;
  const { secret: wanted } = await searchParams;
  const scope = await requireScope(fabricId, "entry-link:list");
  const secret = typeof wanted === "string" ? await getEntrySecret(scope, wanted).catch(notFoundPage) : null;
  const links = await listEntryLinks(scope);
  return (
    <section aria-labelledby="entry-links" className="flex flex-col gap-4">
      {/* The value comes from outside, at any time. */}
      {links.some(({ status }) => status === "open") && <RefreshWhile everyMs={10_000} />}
      <BackLink href={`/metadata/fabrics/${fabricId}/secrets${secret ? `/${secret.id}` : ""}`}>
        {secret ? secret.name : "All secrets"}
      </BackLink>
      <div className="flex flex-wrap items-start justify-between gap-3">
        <div className="max-w-2xl">
          <h2 id="entry-links" className="font-semibold text-lg">
            Entry links
          </h2>
          <p className="text-pretty text-muted">
            With an entry link, somebody without an account enters a value once: a vendor, or the
            administrator of a database. No screen shows it.
          </p>
        </div>
        {/* Always here: it must keep its dialog when the first link appears. */}
        <CreateEntryLinkButton
          fabricId={fabricId}
          secret={secret}
          startsOpen={secret !== null}
          {...(await listDestinationOptions(scope, secret?.id))}
        />
      </div>
      {links.length === 0 ? (
        <EmptyState icon={<Send />} title="No entry links yet">
          Ask somebody outside for a value, instead of having it sent by e-mail.
        </EmptyState>
      ) : (
        <EntryLinkTable
          fabricId={fabricId}
          links={links}
          authorities={await listShownAuthorities(scope, links)}
        />
      )}
      {links.length === maxShownLinks && (
        <p className="text-muted text-sm">The newest {maxShownLinks} are shown. Activity has all.</p>
      )}
    </section>
  );
}
