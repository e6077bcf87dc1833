/** This tab's phone, ring and devices, as the page shows them. It follows the view: rings, opens and closes the microphone. */
import type { Phone } from '../api/types.ts';
import { api, sentence } from '../kit/api.ts';
import type { View } from '../kit/live.ts';
import { BrowserPhone, type Link, type Mic } from '../kit/phone/browserPhone.ts';
import { Meter } from '../kit/phone/meter.ts';
import { Ring, type Sound } from '../kit/ring.ts';
import { store, stored } from '../kit/stored.ts';
import { toasts } from '../kit/toast.svelte.ts';

const base = '/api/v1/console/phone';

export class PhoneHolder {
  link = $state<Link>('off');
  mic = $state<Mic>('unknown');
  muted = $state(false);
  inCall = $state(false);
  reason = $state('');
  sound = $state<Sound>('unknown');
  ringing = $state(false);
  inputs = $state.raw<MediaDeviceInfo[]>([]);
  outputs = $state.raw<MediaDeviceInfo[]>([]);
  input = $state(stored('mic'));
  output = $state(stored('speaker'));
  ringOn = $state(stored('ringer'));
  volume = $state(Number(stored('volume') || '0.7'));
  /** Whether this browser lets the page choose where sound goes. */
  readonly canChooseOutput = typeof HTMLMediaElement !== 'undefined' && 'setSinkId' in HTMLMediaElement.prototype;
  #phone: BrowserPhone;
  #ring: Ring;
  #silenced = '';
  /** Whether the server has this tab's phone, as last heard. */
  #known = false;

  constructor(
    private tab: string,
    private said: (p: Phone) => void,
  ) {
    this.#phone = new BrowserPhone(
      {
        peer: () => new RTCPeerConnection({ bundlePolicy: 'max-bundle' }),
        media: navigator.mediaDevices,
        connect: async (sdp) => (await api.post<{ sdp: string }>(`${base}/connect`, { tab, sdp })).sdp,
        audio: () => {
          const a = new Audio();
          a.autoplay = true;
          return a;
        },
        setTimeout: (f, ms) => setTimeout(f, ms),
        clearTimeout: (t) => clearTimeout(t as number),
      },
      () => this.#look(),
    );
    this.#ring = new Ring(
      () => new AudioContext(),
      () => this.#look(),
    );
    this.#ring.volume = this.volume;
    if (this.ringOn) void this.#ring.setDevice(this.ringOn);
    if (this.input) void this.#phone.setInput(this.input);
    if (this.output) void this.#phone.setOutput(this.output);
    navigator.mediaDevices?.addEventListener?.('devicechange', () => void this.listDevices());
    void this.listDevices();
    // Browsers let a page sound after any click or key: the first one will do.
    const first = (): void => {
      for (const e of ['pointerdown', 'keydown']) removeEventListener(e, first);
      if (this.sound !== 'unknown') void this.#ring.enable();
    };
    for (const e of ['pointerdown', 'keydown']) addEventListener(e, first);
  }

  /** follow makes this tab do what the view says. */
  follow(v: View): void {
    const p = v.phone;
    if (p.endpoint === 'browser') {
      // A server that no longer knows the phone it knew was started anew; the line itself would take long to die.
      if (this.#known && !p.owner && this.#phone.link === 'ready') this.#phone.close();
      this.#known = p.mine;
      if (p.owner && !p.mine) {
        if (this.#phone.link !== 'elsewhere') this.#phone.elsewhere();
      } else if (this.#phone.link === 'off' || this.#phone.link === 'elsewhere') void this.#phone.connect();
      if (this.sound === 'unknown') this.#ring.probe();
    } else if (this.#phone.link !== 'off') this.#phone.close();

    const here = p.endpoint === 'browser' && p.mine;
    const offer = v.open.find((i) => i.role === 'offered' && i.offer && !i.offer.byDevice);
    const key = offer ? `${offer.id}/${offer.offer?.number}` : '';
    if (here && key && key !== this.#silenced) this.#ring.start(key);
    else this.#ring.stop();
    this.ringing = this.#ring.ringing !== null;

    const call = here ? v.open.find((i) => i.medium === 'phone' && i.role === 'handling' && i.handling?.state === 'accepted') : undefined;
    if (call) {
      void this.#phone.callStarted(call.muted);
      if (this.#phone.inCall && this.#phone.muted !== call.muted && call.muted) this.#phone.setMuted(true);
    } else void this.#phone.callEnded();
  }

  /** Within a click: sound on, microphone asked for. */
  async prepare(): Promise<void> {
    await this.#ring.enable();
    if (this.#phone.link === 'ready' || this.#phone.link === 'connecting') {
      if (this.mic !== 'ready') await this.#phone.askMic();
      await this.listDevices();
    }
  }

  enableSound = (): Promise<void> => this.#ring.enable();

  silence(): void {
    this.#silenced = this.#ring.ringing ?? '';
    this.#ring.stop();
    this.ringing = false;
  }

  async useHere(): Promise<void> {
    void this.#ring.enable();
    try {
      const { phone } = await api.post<{ phone: Phone }>(`${base}/take`, { tab: this.tab });
      this.said(phone);
    } catch (e) {
      toasts.bad(sentence(e));
    }
  }

  setMuted(on: boolean): void {
    this.#phone.setMuted(on);
  }

  close(): void {
    this.#ring.stop();
    this.#phone.close();
  }

  retry = (): Promise<void> => this.#phone.connect();

  async testRing(): Promise<void> {
    await this.#ring.enable();
    this.#ring.start('test');
    this.ringing = true;
    setTimeout(() => {
      if (this.#ring.ringing === 'test') this.#ring.stop();
      this.ringing = this.#ring.ringing !== null;
    }, 3000);
  }

  /** A meter on the microphone: the call's own, or one opened for the test. */
  async meter(): Promise<{ meter: Meter; stop: () => void } | null> {
    const live = this.#phone.stream;
    try {
      const s = live ?? (await navigator.mediaDevices.getUserMedia({ audio: this.input ? { deviceId: { ideal: this.input } } : true }));
      this.mic = 'ready';
      await this.listDevices();
      const m = new Meter(s);
      return { meter: m, stop: () => m.stop(!live) };
    } catch (e) {
      this.mic = e instanceof Error && e.name === 'NotFoundError' ? 'missing' : 'denied';
      return null;
    }
  }

  async listDevices(): Promise<void> {
    const all = (await navigator.mediaDevices?.enumerateDevices?.().catch(() => [])) ?? [];
    this.inputs = all.filter((d) => d.kind === 'audioinput' && d.deviceId);
    this.outputs = all.filter((d) => d.kind === 'audiooutput' && d.deviceId);
  }

  async choose(what: 'input' | 'output' | 'ringOn', id: string): Promise<void> {
    this[what] = id;
    if (what === 'input') {
      store('mic', id);
      await this.#phone.setInput(id);
    } else if (what === 'output') {
      store('speaker', id);
      await this.#phone.setOutput(id);
    } else {
      store('ringer', id);
      await this.#ring.setDevice(id);
    }
  }

  setVolume(v: number): void {
    this.volume = v;
    store('volume', String(v));
    this.#ring.setVolume(v);
  }

  #look(): void {
    this.link = this.#phone.link;
    this.mic = this.#phone.mic;
    this.muted = this.#phone.muted;
    this.inCall = this.#phone.inCall;
    this.reason = this.#phone.reason;
    this.sound = this.#ring.sound;
  }
}
