import { ChevronRight } from "lucide-react";
import type { ReactNode } from "react";
import { Link } from "@/components/ui/link";

export function PageHeader({
  title,
  description,
  breadcrumb = [],
  badge,
  actions,
}: {
  title: string;
  description?: ReactNode;
  breadcrumb?: readonly { href: string; label: string }[];
  badge?: ReactNode;
  actions?: ReactNode;
}) {
  return (
    <header className="flex flex-col gap-1.5">
      {breadcrumb.length > 0 && (
        <nav aria-label="Breadcrumb">
          <ol className="flex flex-wrap items-center gap-1 text-muted text-sm">
            {breadcrumb.map(({ href, label }, index) => (
              <li key={href} className="flex min-w-0 items-center gap-1">
                {index > 0 && <ChevronRight aria-hidden className="size-3.5 shrink-0 text-faint" />}
                <Link
                  href={href}
                  className="min-h-6 truncate rounded-sm py-0.5 hover:text-ink hover:underline"
                >
                  {label}
                </Link>
              </li>
            ))}
          </ol>
        </nav>
      )}
      <div className="flex flex-wrap items-start justify-between gap-x-6 gap-y-3">
        <div className="min-w-0">
          <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
            <h1 className="wrap-anywhere min-w-0 font-semibold text-2xl tracking-tight">{title}</h1>
            {badge}
          </div>
          {description && (
            <div className="wrap-anywhere mt-1 max-w-2xl text-pretty text-muted">{description}</div>
          )}
        </div>
        {actions && <div className="flex flex-wrap items-center gap-2">{actions}</div>}
      </div>
    </header>
  );
}
