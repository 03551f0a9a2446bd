import { objectNouns } from "@/components/activity/event-sentence";
import { Link } from "@/components/ui/link";
import type { Named } from "@/lib/audit/schema";

const shown = 8;
const link = "rounded-sm font-medium text-accent-text hover:underline";

/** What a search by name found, as links to the events of each. */
export function NamedMatches({
  named: { objects, actors, isCut },
  hrefOf,
}: {
  named: Named;
  hrefOf: (filter: Record<string, string>) => string;
}) {
  const people = actors.filter(({ id }) => objects.every((object) => object.id !== id));
  if (objects.length + people.length === 0) return null;
  const only = { search: "" };
  return (
    <p className="wrap-anywhere text-muted text-sm">
      Only{" "}
      {[
        ...objects.slice(0, shown).map(({ id, kind, name }) => (
          <span key={id}>
            {objectNouns[kind]}{" "}
            <Link className={link} href={hrefOf({ ...only, object: id })}>
              {name}
            </Link>
          </span>
        )),
        ...people.slice(0, shown).map(({ id, name }) => (
          <span key={id}>
            events by{" "}
            <Link className={link} href={hrefOf({ ...only, actor: id })}>
              {name}
            </Link>
          </span>
        )),
      ].flatMap((match, index) => (index === 0 ? [match] : [" · ", match]))}
      {isCut && " · More names match than the list below follows: enter more of the name."}
    </p>
  );
}
