import { setTimeout as sleep } from 'node:timers/promises';
import { TestSystem, tempDir } from '@grok2api/testkit';
import { describe, expect, it } from 'vitest';

describe('a task survives', () => {
  it('kill -9 of the worker that makes it: another one goes on with the same upstream job', async () => {
    const system = await TestSystem.start({
      videoWorkers: 2,
      env: { SIMULATOR_VIDEO_MS: '6000', CLAIM_TTL_MS: '2000' },
    });
    try {
      const tasks = system.tasks();
      const prompt = '杀死工人';
      const id = await tasks.create(prompt);
      await tasks.until(id, ({ progress }) => progress > 0);
      const claimed = await system.logLine({ task_id: id, msg: 'claimed' });
      system.kill(String(claimed.instance));
      expect((await tasks.ended(id, 30_000)).status).toBe('completed');
      expect(await system.simulator.jobs(prompt)).toHaveLength(1);
      const creates = await system.simulator.log({ method: 'POST', path: '/v1/videos/generations' });
      expect(creates).toHaveLength(1);
    } finally {
      await system.stop();
    }
  }, 90_000);

  it('SIGTERM of its worker: it is handed over at once', async () => {
    const system = await TestSystem.start({ videoWorkers: 2, env: { SIMULATOR_VIDEO_MS: '6000' } });
    try {
      const tasks = system.tasks();
      const id = await tasks.create('交接');
      await tasks.until(id, ({ progress }) => progress > 0);
      const claimed = await system.logLine({ task_id: id, msg: 'claimed' });
      system.kill(String(claimed.instance), 'SIGTERM');
      const handedBack = await system.logLine({ task_id: id, msg: 'handed back' });
      expect((await tasks.ended(id, 30_000)).status).toBe('completed');
      const [, takenOver] = system.logLines({ task_id: id, msg: 'claimed' });
      const gap = Date.parse(String(takenOver?.time)) - Date.parse(String(handedBack.time));
      // Far below the time after which a dead worker's claim runs out.
      expect(gap).toBeLessThan(5_000);
      expect(await system.simulator.jobs('交接')).toHaveLength(1);
    } finally {
      await system.stop();
    }
  }, 90_000);

  it('a stop of everything in the middle, and the next start', async () => {
    const data = await tempDir();
    try {
      const env = { SIMULATOR_VIDEO_MS: '5000' };
      const first = await TestSystem.start({ dataDir: data.path, env });
      const prompt = '重新开始';
      const id = await first.tasks().create(prompt);
      await first.tasks().until(id, ({ progress }) => progress > 0);
      expect((await first.stop()).code).toBe(0);

      const second = await TestSystem.start({ dataDir: data.path, env });
      try {
        expect((await second.tasks().ended(id, 30_000)).status).toBe('completed');
        expect(await second.simulator.jobs(prompt)).toHaveLength(1);
      } finally {
        await second.stop();
      }
    } finally {
      await data.remove();
    }
  }, 120_000);

  it('faults of the upstream before and after the create', async () => {
    const system = await TestSystem.start();
    try {
      const { simulator } = system;
      const tasks = system.tasks();

      await simulator.addFault({
        match: { method: 'POST', path: '/v1/videos/generations' },
        times: 2,
        fault: { status: 503, body: 'busy' },
      });
      const refused = await tasks.create('先拒绝');
      expect((await tasks.ended(refused)).status).toBe('completed');
      expect(await simulator.jobs('先拒绝')).toHaveLength(1);

      await simulator.addFault({
        match: { method: 'POST', path: '/v1/videos/generations' },
        fault: { cut_after: true },
      });
      const lost = await tasks.create('回答丢失');
      expect(await tasks.ended(lost)).toMatchObject({ status: 'failed', error: { code: 'submit_outcome_unknown' } });
      expect(await simulator.jobs('回答丢失')).toHaveLength(1);

      await simulator.addFault({
        match: { method: 'GET', path: '/v1/videos/*' },
        times: 2,
        fault: { status: 502, body: '<html>' },
      });
      const polled = await tasks.create('轮询失败');
      expect((await tasks.ended(polled)).status).toBe('completed');
    } finally {
      await system.stop();
    }
  }, 90_000);
});

describe('an orphaned system', () => {
  it('is gone seconds after its launcher was killed', async () => {
    const data = await tempDir();
    const system = await TestSystem.start({ dataDir: data.path });
    const names = ['nats', 'postgres', 'api-gateway', 'video-worker-1', 'token-pool', 'simulator'];
    const pids = names.map((name) => system.pid(name));
    system.kill('launcher');
    await system.stop();
    const deadline = Date.now() + 15_000;
    const alive = () => pids.filter((pid) => isAlive(pid));
    while (alive().length > 0 && Date.now() < deadline) await sleep(100);
    expect(alive()).toEqual([]);
    await data.remove();
  }, 60_000);
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    // No such process.
    return false;
  }
}
