import type { ReactNode } from "react";

export function DetailSection({ id, title, children }: { id: string; title: string; children: ReactNode }) {
  return (
    <section
      id={id}
      aria-labelledby={`${id}-title`}
      className="scroll-mt-6 rounded-lg border border-line bg-surface target:border-accent"
    >
      <h3 id={`${id}-title`} className="border-line border-b px-4 py-2.5 font-semibold">
        {title}
      </h3>
      <div className="px-4 py-3">{children}</div>
    </section>
  );
}

export function DetailList({ children }: { children: ReactNode }) {
  return <ul className="-my-3 divide-y divide-line">{children}</ul>;
}

export function DetailItem({ children }: { children: ReactNode }) {
  return (
    <li className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2 py-2.5 [overflow-wrap:anywhere]">
      {children}
    </li>
  );
}
