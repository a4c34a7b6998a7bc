import { CheckIcon, CopyIcon, TerminalIcon } from 'lucide-react';
import { useState } from 'react';
import type { Model } from '@/api/types';
import { Button } from '@/components/ui/button';
import { Card } from '@/components/ui/card';
import { Tabs, TabsContent, TabsList, TabsTrigger } from '@/components/ui/tabs';
import { toast } from '@/lib/toast';
import { type Snippet, snippets } from '../snippets';

/** How the adapter is used elsewhere. */
export function UseCard({ model }: { model: Model }) {
  const all = snippets(model);
  return (
    <Card className="gap-4 p-6">
      <div>
        <h2 className="flex items-center gap-2 text-lg font-semibold">
          <TerminalIcon aria-hidden className="size-5 shrink-0 text-muted-foreground" />
          How to Use It
        </h2>
        <p className="text-sm text-muted-foreground">With the names and figures of this model</p>
      </div>
      <Tabs defaultValue="peft" className="gap-4">
        <TabsList>
          {all.map(({ id, title }) => (
            <TabsTrigger key={id} value={id} className="px-3">
              {title}
            </TabsTrigger>
          ))}
        </TabsList>
        {all.map((snippet) => (
          <TabsContent key={snippet.id} value={snippet.id}>
            <Code snippet={snippet} />
          </TabsContent>
        ))}
      </Tabs>
    </Card>
  );
}

function Code({ snippet: { title, before, code } }: { snippet: Snippet }) {
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(code);
      setCopied(true);
    } catch {
      // Browsers hand out the clipboard over https and on this machine only.
      toast.error('The browser does not allow copying here', { description: 'Mark the text and copy it by hand.' });
    }
  };
  return (
    <div className="space-y-2">
      <p className="text-sm text-muted-foreground">{before}.</p>
      <div className="relative">
        <pre
          // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region has to be reachable by keyboard
          tabIndex={0}
          className="overflow-x-auto rounded-lg bg-muted p-4 pr-14 font-mono text-xs"
        >
          {code}
        </pre>
        <Button
          variant="outline"
          size="icon"
          className="absolute top-2 right-2"
          aria-label={copied ? `${title} copied` : `Copy ${title}`}
          onClick={() => void copy()}
        >
          {copied ? <CheckIcon aria-hidden /> : <CopyIcon aria-hidden />}
        </Button>
      </div>
    </div>
  );
}
