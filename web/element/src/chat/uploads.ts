import type { Attachment, ChatKitOptions, CustomApiConfig } from '@openai/chatkit';
import type { Client } from '../wire/client';
import { asError, ChatKitError, isAbort } from '../wire/errors';
import type * as P from '../wire/protocol';
import { unlessAborted } from '../wire/retry';
import type { Composer, Upload } from './composer';
import type { Emit } from './chat';
import type { Changes } from './signal';
import { unique } from './unique';

const DEFAULT_MAX_SIZE = 100 * 1024 * 1024;
const DEFAULT_MAX_COUNT = 10;
/** Width and height of a preview, in pixels: twice what is shown, for sharp screens. */
const PREVIEW = 80;

/** Why a file is not taken; the element has words for it. */
export type Refusal = 'type' | 'size' | 'count';

/** Brings the files of the composer to the server. */
export class Uploads {
  constructor(
    private readonly client: Client,
    private readonly composer: Composer,
    private readonly options: () => ChatKitOptions,
    private readonly emit: Emit,
    private readonly changes: Changes,
  ) {}

  /** Begins to upload what may be sent; returns what may not, and why. */
  add(files: Iterable<File>): { file: File; why: Refusal }[] {
    const refused: { file: File; why: Refusal }[] = [];
    for (const file of files) {
      const why = this.refusal(file);
      if (why === null) this.begin(file);
      else refused.push({ file, why });
    }
    this.changes.mark();
    return refused;
  }

  /** Nothing is brought any more. */
  end(): void {
    for (const { abort } of this.composer.uploads) abort.abort();
  }

  /** Takes files that are at the server already. */
  attach(attachments: Attachment[]): void {
    this.end();
    this.composer.uploads = attachments.map((attachment) => ({
      key: attachment.id,
      file: { name: attachment.name, type: attachment.mime_type, size: 0 },
      state: 'ready' as const,
      attachment,
      abort: new AbortController(),
    }));
    this.changes.mark();
  }

  /** Takes a file out again; at the server, too. */
  async remove(upload: Upload): Promise<void> {
    upload.abort.abort();
    this.composer.uploads = this.composer.uploads.filter((other) => other !== upload);
    this.changes.mark();
    const known = upload.attachment ?? upload.announced;
    if (known !== undefined) await this.delete(known.id);
  }

  private async delete(id: string): Promise<void> {
    await this.client
      .call('attachments.delete', { attachment_id: id })
      .catch((thrown) => this.emit('chatkit.error', { error: asError(thrown) }));
  }

  private refusal(file: File): Refusal | null {
    const settings = this.options().composer?.attachments;
    if (this.composer.uploads.length >= (settings?.maxCount ?? DEFAULT_MAX_COUNT)) return 'count';
    if (settings?.accept !== undefined && !accepts(settings.accept, file)) return 'type';
    return file.size > limit(settings?.maxSize, file.type) ? 'size' : null;
  }

  private begin(file: File): void {
    const upload: Upload = { key: unique(), file, state: 'uploading', abort: new AbortController() };
    if (file.type.startsWith('image/')) void this.preview(file, upload);
    this.composer.uploads = [...this.composer.uploads, upload];
    void this.bring(file, upload);
  }

  private async bring(file: File, upload: Upload): Promise<void> {
    try {
      upload.attachment = await this.transfer(file, upload);
      upload.state = 'ready';
    } catch (thrown) {
      if (isAbort(thrown)) return;
      upload.state = 'failed';
      if (thrown instanceof ChatKitError && !thrown.isRetryable) {
        upload.reason = thrown.wordsToVisitor;
        upload.isTooLarge = thrown.status === 413;
      } else {
        upload.again = () => this.again(file, upload);
      }
      this.emit('chatkit.error', { error: asError(thrown) });
    }
    this.composer.uploads = [...this.composer.uploads];
    this.changes.mark();
  }

  private again(file: File, upload: Upload): void {
    upload.state = 'uploading';
    delete upload.again;
    this.changes.mark();
    void this.bring(file, upload);
  }

  /** Draws the picture small. Not as an address of its own (`blob:`), which a strict content security policy refuses. */
  private async preview(file: File, upload: Upload): Promise<void> {
    const canvas = document.createElement('canvas');
    canvas.width = canvas.height = PREVIEW;
    try {
      const picture = await createImageBitmap(file);
      const side = Math.min(picture.width, picture.height);
      const [left, top] = [(picture.width - side) / 2, (picture.height - side) / 2];
      canvas.getContext('2d')!.drawImage(picture, left, top, side, side, 0, 0, PREVIEW, PREVIEW);
      picture.close();
    } catch {
      // No picture that this browser knows: it goes with its name alone.
      return;
    }
    upload.preview = canvas;
    this.changes.mark();
  }

  private async transfer(file: File, upload: Upload): Promise<Attachment> {
    const strategy = (this.options().api as CustomApiConfig).uploadStrategy ?? { type: 'two_phase' };
    const { signal } = upload.abort;
    if (strategy.type === 'direct') {
      return (await this.client.upload(strategy.uploadUrl, file, signal)) as P.Attachment & Attachment;
    }
    // Announced once, however often its bytes are sent: each counts among the files that a session may have.
    upload.announced ??= await unlessAborted(this.announce(file, signal), signal);
    const attachment = upload.announced;
    const target = attachment.upload_descriptor;
    if (target !== undefined) await this.client.bring(target, file, signal);
    return attachment as P.Attachment & Attachment;
  }

  /** Tells the server of a file. One that is given up meanwhile is told of to the end: only its answer says what to delete. */
  private async announce(file: File, signal: AbortSignal): Promise<P.Attachment> {
    const announced = { name: file.name, size: file.size, mime_type: file.type || 'application/octet-stream' };
    const { body } = await this.client.call('attachments.create', announced);
    if (signal.aborted) await this.delete(body.id);
    return body;
  }
}

function accepts(accept: Record<string, string[]>, file: File): boolean {
  const name = file.name.toLowerCase();
  return Object.entries(accept).some(
    ([type, extensions]) => matches(type, file.type) || extensions.some((end) => name.endsWith(end.toLowerCase())),
  );
}

function limit(maxSize: number | Record<string, number> | undefined, type: string): number {
  if (typeof maxSize === 'number') return maxSize;
  const entries = Object.entries(maxSize ?? {}).filter(([pattern]) => pattern !== '*' && pattern !== '');
  const exact = entries.find(([pattern]) => pattern === type) ?? entries.find(([pattern]) => matches(pattern, type));
  return exact?.[1] ?? maxSize?.['*'] ?? maxSize?.[''] ?? DEFAULT_MAX_SIZE;
}

/** `image/*` and the like. */
function matches(pattern: string, type: string): boolean {
  return pattern === type || pattern === '*/*' || (pattern.endsWith('/*') && type.startsWith(pattern.slice(0, -1)));
}
