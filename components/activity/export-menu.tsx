"use client";

import { ChevronDown, Download } from "lucide-react";
import { Button } from "@/components/ui/button";
import { Menu, MenuItem } from "@/components/ui/menu";

/** Downloads the events that match the filters. */
export function ExportMenu({ csvHref, ndjsonHref }: { csvHref: string; ndjsonHref: string }) {
  return (
    <Menu
      align="start"
      trigger={
        <Button size="sm" icon={<Download aria-hidden />}>
          Export
          <ChevronDown aria-hidden className="size-4" />
        </Button>
      }
    >
      <MenuItem href={csvHref} isDownload>
        CSV, for spreadsheets
      </MenuItem>
      <MenuItem href={ndjsonHref} isDownload>
        NDJSON, one event a line
      </MenuItem>
    </Menu>
  );
}
