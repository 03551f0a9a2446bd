import type { ReactNode } from "react";

export function EmptyState({
  icon,
  title,
  action,
  children,
}: {
  icon: ReactNode;
  title: string;
  action?: ReactNode;
  children?: ReactNode;
}) {
  return (
    <div className="flex flex-col items-center rounded-lg border border-line border-dashed px-6 py-14 text-center">
      <div
        aria-hidden
        className="flex size-11 items-center justify-center rounded-lg border border-line bg-sunken text-muted [&_svg]:size-5"
      >
        {icon}
      </div>
      <p className="mt-4 font-semibold text-lg">{title}</p>
      {children && <div className="mt-1 max-w-md text-pretty text-muted">{children}</div>}
      {action && <div className="mt-5 flex flex-wrap justify-center gap-2">{action}</div>}
    </div>
  );
}
