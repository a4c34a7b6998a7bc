export function Logo() {
  return (
    <div className="flex items-center gap-2">
      <div
        aria-hidden
        className="flex size-8 shrink-0 items-center justify-center rounded-lg bg-primary text-primary-foreground"
      >
        BR
      </div>
      <div className="leading-tight">
        <p>BrightRun</p>
        <p className="text-xs text-muted-foreground">LoRA Pipeline</p>
      </div>
    </div>
  );
}
