"use client";

import { useSelectedLayoutSegment } from "next/navigation";
import { TabsNav } from "@/components/ui/tabs-nav";

/** The tabs of Metadata. A fabric's pages have tabs of their own, so these step aside there. */
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
