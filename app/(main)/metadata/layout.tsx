import { MetadataTabs } from "@/components/fabrics/metadata-tabs";

export default function MetadataLayout({ children }: { children: React.ReactNode }) {
  return (
    <div className="page flex flex-col gap-6">
      <MetadataTabs />
      {children}
    </div>
  );
}
