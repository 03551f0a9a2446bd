"use client";

import { usePathname, useRouter, useSearchParams } from "next/navigation";
import { useRef, useState, useTransition } from "react";

const typingPauseMs = 250;

/** A list's filters, stored in the URL. A change returns to the first page. */
export function useUrlFilter(searchKey = "search") {
  const router = useRouter();
  const pathname = usePathname();
  const params = useSearchParams();
  const [isPending, startTransition] = useTransition();
  const [draft, setDraft] = useState<string | null>(null);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);

  function set(changes: Record<string, string>) {
    clearTimeout(timer.current);
    // Read the URL at the time of use: a delayed search must not undo a newer choice.
    const next = new URLSearchParams(window.location.search);
    const typed = draft === null ? {} : { [searchKey]: draft };
    for (const [key, value] of Object.entries({ ...typed, ...changes, before: "", after: "" })) {
      if (value) next.set(key, value);
      else next.delete(key);
    }
    startTransition(() => {
      router.replace(next.size > 0 ? `${pathname}?${next}` : pathname, { scroll: false });
      setDraft(null);
    });
  }

  function type(text: string) {
    setDraft(text);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => set({ [searchKey]: text.trim() }), typingPauseMs);
  }

  return {
    value: (key: string) => params.get(key) ?? "",
    typed: draft ?? params.get(searchKey) ?? "",
    set,
    type,
    isPending,
  };
}
