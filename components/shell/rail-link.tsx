"use client";

import { usePathname } from "next/navigation";
import type { ReactNode } from "react";
import { cx } from "@/components/ui/class-names";
import { Link } from "@/components/ui/link";

export function RailLink({ href, icon, label }: { href: string; icon: ReactNode; label: string }) {
  const pathname = usePathname();
  const isCurrent = pathname === href || pathname.startsWith(`${href}/`);
  return (
    <Link
      href={href}
      aria-current={isCurrent ? "page" : undefined}
      className={cx(
        "flex items-center gap-2 rounded-md font-medium text-xs transition-colors focus-visible:outline-rail-ring [&_svg]:size-5",
        "max-md:h-9 max-md:px-2.5 md:w-16 md:flex-col md:gap-1 md:py-2",
        isCurrent
          ? "bg-rail-active text-rail-ink"
          : "text-rail-muted hover:bg-rail-hover hover:text-rail-ink",
      )}
    >
      {icon}
      {label}
    </Link>
  );
}
