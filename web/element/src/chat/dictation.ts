import { asError } from '../wire/errors';
import type { Client } from '../wire/client';
import type { Emit } from './chat';
import type { Changes } from './signal';

/** The longest recording. */
const MAX_SECONDS = 300;
const TYPES = ['audio/webm;codecs=opus', 'audio/mp4', 'audio/ogg;codecs=opus'];

/** Voice input: records, and has the server write down what was said. */
export class Dictation {
  state: 'idle' | 'starting' | 'recording' | 'transcribing' | 'cannotRecord' | 'cannotTranscribe' = 'idle';
  private recorder: MediaRecorder | null = null;
  private discard = false;

  constructor(
    private readonly client: Client,
    private readonly say: (text: string) => void,
    private readonly emit: Emit,
    private readonly changes: Changes,
  ) {}

  static get isPossible(): boolean {
    return typeof MediaRecorder !== 'undefined' && navigator.mediaDevices !== undefined;
  }

  get isBusy(): boolean {
    return this.state === 'starting' || this.state === 'recording' || this.state === 'transcribing';
  }

  async start(): Promise<void> {
    if (this.isBusy) return;
    this.discard = false;
    this.become('starting');
    try {
      const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
      // The element may have gone while the visitor was asked.
      if (this.discard) this.release(stream);
      else this.begin(stream);
    } catch (thrown) {
      this.fail('cannotRecord', thrown);
    }
  }

  /** Ends the recording; what was said is written into the composer, unless it is thrown away. */
  stop({ discard = false } = {}): void {
    this.discard = discard;
    if (this.recorder?.state === 'recording') this.recorder.stop();
  }

  private begin(stream: MediaStream): void {
    try {
      this.record(stream);
    } catch (thrown) {
      this.release(stream);
      throw thrown;
    }
  }

  private record(stream: MediaStream): void {
    const mimeType = TYPES.find((type) => MediaRecorder.isTypeSupported(type));
    const recorder = new MediaRecorder(stream, mimeType === undefined ? {} : { mimeType });
    const parts: Blob[] = [];
    recorder.ondataavailable = ({ data }) => parts.push(data);
    recorder.onstop = () => {
      clearTimeout(limit);
      this.recorder = null;
      this.release(stream);
      if (!this.discard) void this.transcribe(new Blob(parts, { type: recorder.mimeType }));
    };
    recorder.start();
    const limit = setTimeout(() => this.stop(), MAX_SECONDS * 1000);
    this.recorder = recorder;
    this.become('recording');
  }

  /** Gives the microphone back. */
  private release(stream: MediaStream): void {
    for (const track of stream.getTracks()) track.stop();
    this.become('idle');
  }

  private async transcribe(audio: Blob): Promise<void> {
    this.become('transcribing');
    try {
      const params = { audio_base64: await base64(audio), mime_type: audio.type };
      const { body } = await this.client.call('input.transcribe', params);
      this.say(body.text);
      this.become('idle');
    } catch (thrown) {
      this.fail('cannotTranscribe', thrown);
    }
  }

  private become(state: Dictation['state']): void {
    this.state = state;
    this.changes.mark();
  }

  private fail(state: 'cannotRecord' | 'cannotTranscribe', thrown: unknown): void {
    this.become(state);
    this.emit('chatkit.error', { error: asError(thrown) });
  }
}

function base64(blob: Blob): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result).replace(/^[^,]*,/, ''));
    reader.onerror = () => reject(reader.error ?? new Error('the recording cannot be read'));
    reader.readAsDataURL(blob);
  });
}
