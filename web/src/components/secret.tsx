import { CopyIcon } from 'lucide-react';
import { FormField } from '@/components/form-field';
import { Button } from '@/components/ui/button';
import { Input } from '@/components/ui/input';
import { toast } from '@/lib/toast';

/** A secret that is shown this once, to be copied. */
export function Secret({ label, value }: { label: string; value: string }) {
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(value);
      toast.success('Copied');
    } catch {
      // Browsers hand out the clipboard over https and on this machine only.
      toast.error('This browser does not let the page copy. Select the text and copy it.');
    }
  };
  return (
    <FormField label={label} hint="It is not shown again. Keep it where only those who need it can read it.">
      {(control) => (
        <div className="flex gap-2">
          <Input
            {...control}
            readOnly
            autoComplete="off"
            className="font-mono"
            value={value}
            onFocus={(event) => event.target.select()}
          />
          <Button variant="outline" onClick={() => void copy()}>
            <CopyIcon aria-hidden className="mr-2" />
            Copy
          </Button>
        </div>
      )}
    </FormField>
  );
}
