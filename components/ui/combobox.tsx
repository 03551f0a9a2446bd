"use client";

import { Combobox as Base } from "@base-ui/react/combobox";
import { Check, ChevronsUpDown, Search, X } from "lucide-react";
import type { ComponentProps, ReactNode } from "react";
import { cx } from "@/components/ui/class-names";
import { useFieldControl } from "@/components/ui/field-context";
import { usePortalContainer } from "@/components/ui/portal-container";

/** A picker whose items come from a server. It neither filters nor selects items automatically. */
export function Combobox<T>(
  props: Omit<ComponentProps<typeof Base.Root<T>>, "filter" | "modal" | "multiple">,
) {
  return <Base.Root<T> {...props} filter={null} modal={false} />;
}

export function ComboboxTrigger({ placeholder, clearLabel }: { placeholder: string; clearLabel?: string }) {
  const { "aria-required": _, ...field } = useFieldControl();
  return (
    <div className="relative">
      <Base.Trigger
        {...field}
        className={cx(
          "control flex h-9 items-center gap-2 pl-3 text-left data-placeholder:text-faint",
          clearLabel ? "pr-16" : "pr-9",
        )}
      >
        <span className="min-w-0 flex-1 truncate">
          <Base.Value placeholder={placeholder} />
        </span>
      </Base.Trigger>
      <ChevronsUpDown
        aria-hidden
        className="-translate-y-1/2 pointer-events-none absolute top-1/2 right-3 size-4 text-muted"
      />
      {clearLabel && (
        <Base.Clear
          aria-label={clearLabel}
          className="-translate-y-1/2 absolute top-1/2 right-9 inline-flex size-6 items-center justify-center rounded-sm text-muted hover:bg-hover hover:text-ink"
        >
          <X aria-hidden className="size-4" />
        </Base.Clear>
      )}
    </div>
  );
}

export function ComboboxPopup<T>({
  label,
  searchPlaceholder,
  status,
  empty,
  isBusy = false,
  more,
  footer,
  children,
}: {
  label: string;
  searchPlaceholder: string;
  status?: ReactNode;
  empty: ReactNode;
  isBusy?: boolean;
  more?: ReactNode;
  footer?: ReactNode;
  children: (item: T) => ReactNode;
}) {
  return (
    <Base.Portal container={usePortalContainer()}>
      <Base.Positioner sideOffset={6} align="start" className="z-50">
        <Base.Popup
          aria-label={label}
          aria-busy={isBusy || undefined}
          className="flex max-h-[min(var(--available-height),24rem)] w-[max(var(--anchor-width),18rem)] max-w-[calc(100vw-2rem)] origin-(--transform-origin) flex-col overflow-hidden rounded-lg border border-line bg-surface shadow-popover transition-[opacity,scale] duration-100 data-ending-style:opacity-0 data-starting-style:scale-98 data-starting-style:opacity-0"
        >
          <div className="flex items-center gap-2 border-line border-b px-3">
            <Search aria-hidden className="size-4 shrink-0 text-muted" />
            <Base.Input
              aria-label={searchPlaceholder}
              placeholder={searchPlaceholder}
              onKeyDown={(event) => {
                // With no highlighted item, Enter would close the popup and discard the typed text.
                const isAimless = !event.currentTarget.getAttribute("aria-activedescendant");
                if (event.key === "Enter" && isAimless) event.preventBaseUIHandler();
              }}
              className="h-10 w-full bg-transparent focus-visible:outline-none max-md:text-lg"
            />
          </div>
          {/* At least one item high while loading: a list above its field would otherwise jump under the
              pointer. */}
          <div className="min-h-15.5 flex-1 overflow-y-auto overscroll-contain">
            <Base.Status className="px-3 text-muted text-sm [&:not(:empty)]:py-2.5">{status}</Base.Status>
            <Base.Empty className="px-3 text-muted text-sm [&:not(:empty)]:py-3">{empty}</Base.Empty>
            <Base.List aria-label={label} className="p-1 empty:p-0">
              {children}
            </Base.List>
            {more && <div className="px-1 pb-1">{more}</div>}
          </div>
          {footer && <div className="border-line border-t bg-sunken p-1">{footer}</div>}
        </Base.Popup>
      </Base.Positioner>
    </Base.Portal>
  );
}

export function ComboboxItem<T>({
  value,
  title,
  secondary,
  icon,
}: {
  value: T;
  title: ReactNode;
  secondary?: ReactNode;
  icon?: ReactNode;
}) {
  return (
    <Base.Item
      value={value}
      className="flex min-h-9 cursor-pointer items-center gap-2.5 rounded-md px-2 py-1.5 text-ink data-highlighted:bg-accent-soft [&_svg]:size-4 [&_svg]:shrink-0"
    >
      {icon}
      <span className="min-w-0 flex-1">
        <span className="block truncate font-medium">{title}</span>
        {secondary && <span className="block truncate text-muted text-sm">{secondary}</span>}
      </span>
      <Base.ItemIndicator className="text-accent-text">
        <Check aria-hidden />
      </Base.ItemIndicator>
    </Base.Item>
  );
}

/** A button below the list, such as "New…" or "Load more". */
export function ComboboxAction({
  icon,
  onClick,
  children,
}: {
  icon?: ReactNode;
  onClick: () => void;
  children: ReactNode;
}) {
  return (
    <button
      type="button"
      onClick={onClick}
      className="-outline-offset-2 flex min-h-9 w-full items-center gap-2.5 rounded-md px-2 text-left font-medium text-accent-text hover:bg-accent-soft focus-visible:bg-accent-soft [&_svg]:size-4 [&_svg]:shrink-0"
    >
      {icon}
      <span className="min-w-0 truncate">{children}</span>
    </button>
  );
}
