import { ArrowDown, ArrowUp, ChevronsUpDown } from "lucide-react";
import type { ReactNode } from "react";
import { cx } from "@/components/ui/class-names";
import { Link } from "@/components/ui/link";

// In a narrow container, each row is drawn as a card (the variant `card:`). Explicit roles, because
// `display: block` removes a table's implicit ones.
const roles = {
  table: { role: "table" },
  group: { role: "rowgroup" },
  row: { role: "row" },
  header: { role: "columnheader" },
  cell: { role: "cell" },
};

/**
 * A table that always fits its container: columns share the width by the widths of their headers, so a long
 * name cannot widen one.
 */
export function Table({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div className="@container/table">
      <div className="wide:rounded-lg wide:border wide:border-line wide:bg-surface">
        <table
          {...roles.table}
          aria-label={label}
          className="w-full table-fixed border-collapse text-left card:block"
        >
          {children}
        </table>
      </div>
    </div>
  );
}

export function THead({ children }: { children: ReactNode }) {
  return (
    <thead {...roles.group} className="card:block">
      <tr
        {...roles.row}
        className="border-line border-b card:flex card:flex-wrap card:gap-x-4 card:border-0 card:pb-2"
      >
        {children}
      </tr>
    </thead>
  );
}

/** Hides a column that is good to know in a container that is too narrow for all, and too wide for cards. */
const extraClass = "@min-[52rem]/table:@max-[66rem]/table:hidden";

export type SortState = "asc" | "desc" | "none";

const ariaSort = { asc: "ascending", desc: "descending", none: "none" } as const;
const sortIcons = { asc: ArrowUp, desc: ArrowDown, none: ChevronsUpDown };

export function Th({
  sort,
  href,
  srOnly = false,
  isExtra = false,
  width,
  children,
}: {
  sort?: SortState;
  href?: string;
  srOnly?: boolean;
  /** Left out where the table has little space. Its cells say so, too. */
  isExtra?: boolean;
  /** A class such as "w-32". Columns without one share the remaining width equally. */
  width?: string;
  children: ReactNode;
}) {
  const isSortable = sort !== undefined && href !== undefined;
  const SortIcon = sortIcons[sort ?? "none"];
  return (
    <th
      {...roles.header}
      scope="col"
      aria-sort={sort && ariaSort[sort]}
      className={cx(
        "whitespace-nowrap px-3 py-2 font-medium text-muted text-sm wide:first:pl-4 wide:last:pr-4",
        "card:block card:w-auto card:p-0",
        !isSortable && "card:sr-only",
        isExtra && extraClass,
        width,
      )}
    >
      {isSortable ? (
        <Link
          href={href}
          scroll={false}
          className={cx(
            "inline-flex min-h-6 items-center gap-1 rounded-sm hover:text-ink",
            sort !== "none" && "text-ink",
          )}
        >
          {children}
          <SortIcon aria-hidden className="size-3.5" />
        </Link>
      ) : (
        <span className={srOnly ? "sr-only" : undefined}>{children}</span>
      )}
    </th>
  );
}

export function TBody({ children }: { children: ReactNode }) {
  return (
    <tbody {...roles.group} className="card:flex card:flex-col card:gap-2.5">
      {children}
    </tbody>
  );
}

/** A row. With a `RowLink`, a click anywhere on the row follows it. */
export function Tr({ children }: { children: ReactNode }) {
  return (
    <tr
      {...roles.row}
      className={cx(
        "relative border-line border-b transition-colors last:border-b-0 has-data-row-link:hover:bg-hover",
        "card:grid card:grid-cols-1 card:gap-y-2 card:rounded-lg card:border card:bg-surface card:p-3.5 card:last:border-b card:sm:grid-cols-3 card:sm:gap-x-6",
      )}
    >
      {children}
    </tr>
  );
}

/** The link of a row's main cell. It covers the row; other controls of the row stay above it. */
export function RowLink({ href, name }: { href: string; name: string }) {
  return (
    <Link
      href={href}
      title={name}
      data-row-link=""
      className="block rounded-sm after:absolute after:inset-0 after:rounded-[inherit] hover:text-accent-text hover:underline wide:truncate card:line-clamp-3"
    >
      {name}
    </Link>
  );
}

/**
 * A cell. In a card, `label` is its caption and the main cell is the card's title. Other cells sit in the
 * card's corner, with space for an icon, or with `isFoot` at its foot, with space for buttons.
 */
export function Td({
  label,
  isMain = false,
  isFoot = false,
  isExtra = false,
  align = "left",
  className,
  children,
}: {
  label?: string;
  isMain?: boolean;
  isFoot?: boolean;
  isExtra?: boolean;
  align?: "left" | "right";
  className?: string;
  children: ReactNode;
}) {
  return (
    <td
      {...roles.cell}
      className={cx(
        "wrap-anywhere px-3 py-2.5 align-middle wide:h-13 wide:first:pl-4 wide:last:pr-4",
        "card:min-w-0 card:items-start card:gap-3 card:p-0",
        isMain ? "font-medium text-ink card:block card:pr-10 card:text-lg" : "text-muted",
        // Controls and texts with a tooltip stay above the row's link.
        !isMain && "[&_:is(a,button,[title])]:relative [&_:is(a,button,[title])]:z-1",
        (isMain || isFoot) && "card:sm:col-span-3",
        label && "card:flex card:sm:flex-col card:sm:items-stretch card:sm:gap-0.5",
        isFoot && (children ? "card:mt-1 card:block" : "card:hidden"),
        !label && !isMain && !isFoot && "card:absolute card:top-2.5 card:right-2.5",
        isExtra && extraClass,
        align === "right" && "wide:text-right",
        className,
      )}
    >
      {label && (
        <span aria-hidden className="w-28 shrink-0 text-faint text-sm wide:hidden">
          {label}
        </span>
      )}
      <div className="min-w-0">{children}</div>
    </td>
  );
}
