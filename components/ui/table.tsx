import { ArrowDown, ArrowUp, ChevronsUpDown } from "lucide-react";
import Link from "next/link";
import type { ReactNode } from "react";
import { cx } from "@/components/ui/class-names";
import { ScrollRegion } from "@/components/ui/scroll-region";

// Below 48rem, each row is drawn as a card. Explicit roles, because `display: block` removes a table's
// implicit ones.
const roles = {
  table: { role: "table" },
  group: { role: "rowgroup" },
  row: { role: "row" },
  header: { role: "columnheader" },
  cell: { role: "cell" },
};

export function Table({ label, children }: { label: string; children: ReactNode }) {
  return (
    <ScrollRegion label={label}>
      <table
        {...roles.table}
        aria-label={label}
        className="w-full border-collapse text-left max-md:block md:min-w-max"
      >
        {children}
      </table>
    </ScrollRegion>
  );
}

export function THead({ children }: { children: ReactNode }) {
  return (
    <thead {...roles.group} className="max-md:block">
      <tr
        {...roles.row}
        className="border-line border-b max-md:flex max-md:flex-wrap max-md:gap-x-4 max-md:border-0 max-md:pb-2"
      >
        {children}
      </tr>
    </thead>
  );
}

export type SortState = "asc" | "desc" | "none";

const ariaSort = { asc: "ascending", desc: "descending", none: "none" } as const;
const sortIcons = { asc: ArrowUp, desc: ArrowDown, none: ChevronsUpDown };

export function Th({
  sort,
  href,
  srOnly = false,
  align = "left",
  children,
}: {
  sort?: SortState;
  href?: string;
  srOnly?: boolean;
  align?: "left" | "right";
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
        "whitespace-nowrap px-3 py-2 font-medium text-muted text-sm md:first:pl-4 md:last:pr-4",
        "max-md:block max-md:p-0",
        !isSortable && "max-md:sr-only",
        align === "right" && "text-right",
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
    <tbody {...roles.group} className="max-md:flex max-md:flex-col max-md:gap-2.5">
      {children}
    </tbody>
  );
}

export function Tr({ children }: { children: ReactNode }) {
  return (
    <tr
      {...roles.row}
      className="border-line border-b transition-colors last:border-b-0 hover:bg-hover max-md:relative max-md:block max-md:rounded-lg max-md:border max-md:bg-surface max-md:p-3.5 max-md:last:border-b"
    >
      {children}
    </tr>
  );
}

/**
 * A cell. On a narrow screen, `label` is its caption and the main cell is the card's title. Other cells sit
 * in the card's corner, with space for an icon, or with `isFoot` at its foot, with space for buttons.
 */
export function Td({
  label,
  isMain = false,
  isFoot = false,
  align = "left",
  className,
  children,
}: {
  label?: string;
  isMain?: boolean;
  isFoot?: boolean;
  align?: "left" | "right";
  className?: string;
  children: ReactNode;
}) {
  return (
    <td
      {...roles.cell}
      className={cx(
        "px-3 py-2.5 align-middle md:first:pl-4 md:last:pr-4",
        "max-md:items-start max-md:gap-3 max-md:p-0",
        isMain ? "wrap-anywhere font-medium text-ink max-md:block max-md:pr-10 max-md:text-lg" : "text-muted",
        label && "max-md:mt-2 max-md:flex",
        isFoot && (children ? "max-md:mt-3 max-md:block" : "max-md:hidden"),
        !label && !isMain && !isFoot && "max-md:absolute max-md:top-2.5 max-md:right-2.5",
        align === "right" && "md:text-right",
        className,
      )}
    >
      {label && (
        <span aria-hidden className="w-28 shrink-0 text-faint text-sm md:hidden">
          {label}
        </span>
      )}
      <div className="min-w-0">{children}</div>
    </td>
  );
}
