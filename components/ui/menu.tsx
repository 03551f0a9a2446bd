"use client";

import { Menu as Base } from "@base-ui/react/menu";
import type { ComponentProps, ReactElement, ReactNode } from "react";
import { cx } from "@/components/ui/class-names";
import { Link } from "@/components/ui/link";
import { usePortalContainer } from "@/components/ui/portal-container";

export const menuItemClass =
  "-outline-offset-2 flex min-h-9 cursor-pointer select-none items-center gap-2.5 rounded-md px-2.5 py-1.5 data-highlighted:bg-hover [&_svg]:size-4 [&_svg]:shrink-0";

export function Menu({
  trigger,
  side = "bottom",
  align = "end",
  children,
}: {
  trigger: ReactElement<Record<string, unknown>>;
  side?: ComponentProps<typeof Base.Positioner>["side"];
  align?: ComponentProps<typeof Base.Positioner>["align"];
  children: ReactNode;
}) {
  return (
    <Base.Root>
      <Base.Trigger render={trigger} />
      <Base.Portal container={usePortalContainer()}>
        <Base.Positioner side={side} align={align} sideOffset={6} className="z-50">
          <Base.Popup className="min-w-48 max-w-72 origin-(--transform-origin) rounded-lg border border-line bg-surface p-1 text-ink shadow-popover transition-[opacity,scale] duration-100 data-ending-style:opacity-0 data-starting-style:scale-97 data-starting-style:opacity-0">
            {children}
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  );
}

export function MenuItem({
  icon,
  tone = "neutral",
  onClick,
  href,
  isDownload = false,
  children,
}: {
  icon?: ReactNode;
  tone?: "neutral" | "danger";
  onClick?: () => void;
  href?: string;
  /** The browser saves what `href` answers, and the page stays. */
  isDownload?: boolean;
  children: ReactNode;
}) {
  const className = cx(menuItemClass, tone === "danger" ? "text-danger-text" : "[&_svg]:text-muted");
  if (href !== undefined)
    return (
      <Base.LinkItem
        closeOnClick
        {...(isDownload ? { href, download: "" } : { render: <Link href={href} /> })}
        className={className}
      >
        {icon}
        {children}
      </Base.LinkItem>
    );
  return (
    <Base.Item onClick={onClick} className={className}>
      {icon}
      {children}
    </Base.Item>
  );
}

/** Downloads a file. Not the router's link: it would load the file in advance. */
export function MenuDownload({
  icon,
  href,
  children,
}: {
  icon?: ReactNode;
  href: string;
  children: ReactNode;
}) {
  return (
    <Base.LinkItem
      closeOnClick
      render={<a href={href} download />}
      className={cx(menuItemClass, "[&_svg]:text-muted")}
    >
      {icon}
      {children}
    </Base.LinkItem>
  );
}

export function MenuSeparator() {
  return <Base.Separator className="-mx-1 my-1 h-px bg-line" />;
}
