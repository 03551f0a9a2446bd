/** A woven edge: two warp threads, and a weft that goes over, under and turns back at the border. */
export function Logo({ size = 28 }: { size?: number }) {
  return (
    <svg aria-hidden width={size} height={size} viewBox="0 0 32 32" fill="none">
      <rect width="32" height="32" rx="8" fill="#4f46e5" />
      <g stroke="#ffffff" strokeWidth="3" strokeLinecap="round">
        <path d="M11.5 6.5v2M11.5 16v10" />
        <path d="M19 6.5v9M19 23v3" />
        <path d="M6 12.25h9.5M22.75 12.25a3.5 3.5 0 0 1 0 7H15.5M8 19.25H6" />
      </g>
    </svg>
  );
}

export function Wordmark() {
  return (
    <span className="inline-flex items-center gap-2.5">
      <Logo />
      <span className="font-semibold text-lg tracking-tight">Selvage</span>
    </span>
  );
}
