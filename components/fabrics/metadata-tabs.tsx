"use client";

import { useSelectedLayoutSegment } from "next/navigation";
import { TabsNav } from "@/components/ui/tabs-nav";

/** The tabs of Metadata. Hidden on a fabric's pages, which have their own tabs. */
export function MetadataTabs() {
  const segment = useSelectedLayoutSegment();
  if (segment === "fabrics") return null;
  return (
    <TabsNav
      label="Metadata"
      tabs={[
        { href: "/metadata", label: "Fabrics", isExact: true },
        { href: "/metadata/teams", label: "Teams" },
      ]}
    />
  );
}
