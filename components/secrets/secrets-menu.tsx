"use client";

import { Ellipsis, FileDown, FileUp, GitCompareArrows } from "lucide-react";
import { IconButton } from "@/components/ui/button";
import { Menu, MenuDownload, MenuItem, MenuSeparator } from "@/components/ui/menu";

/** What concerns many secrets of a fabric at once. */
export function SecretsMenu({ fabricId }: { fabricId: string }) {
  const home = `/metadata/fabrics/${fabricId}/secrets`;
  const files = `/api/app/fabrics/${fabricId}/export`;
  return (
    <Menu trigger={<IconButton label="More" variant="secondary" size="md" icon={<Ellipsis aria-hidden />} />}>
      <MenuItem icon={<FileUp aria-hidden />} href={`${home}/import`}>
        Import from a file
      </MenuItem>
      <MenuItem icon={<GitCompareArrows aria-hidden />} href={`${home}/compare`}>
        Compare with other fabrics
      </MenuItem>
      <MenuSeparator />
      <MenuDownload icon={<FileDown aria-hidden />} href={`${files}?format=csv`}>
        Export names as CSV
      </MenuDownload>
      <MenuDownload icon={<FileDown aria-hidden />} href={`${files}?format=json`}>
        Export names as JSON
      </MenuDownload>
    </Menu>
  );
}
