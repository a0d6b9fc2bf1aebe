import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand, startCommand } from '#harness/cli/command';
import { finished, type Ran } from '#harness/quickstart/cli';
import { onStage } from '#harness/scenarios/stage';

/** What docs/operating/identity.md tells a new operator to type, from the first organisation to the timeline. */

jest.setTimeout(180_000);

const json = ({ stdout }: Ran): Readonly<Record<string, unknown>> =>
  JSON.parse(stdout) as Readonly<Record<string, unknown>>;

const password = 'correct horse battery staple';

test('a new operator sets people up, one of them is refused, learns why, and gets it', async () => {
  await onStage(async (stage) => {
    const server = await stage.start();
    const { http } = server.endpoints;
    const file = (name: string, text: string): string => {
      const path = join(stage.directory, name);
      writeFileSync(path, text, { mode: 0o600 });
      return path;
    };
    const admin = async (line: string): Promise<Ran> => {
      const ran = await stage.cli(...line.split(' '));
      expect({ line, ...ran }).toMatchObject({ exitCode: 0 });
      return ran;
    };
    const homeOf = (name: string): string => {
      const home = join(stage.directory, name);
      mkdirSync(home, { recursive: true });
      return home;
    };
    const alice = (line: string, home = 'alice'): Promise<Ran> =>
      runCommand(line.split(' '), { environment: { HOME: homeOf(home) } });

    // Set up, with the break-glass token of the data directory.
    await admin('organisation create acme');
    await admin('project create shop --organisation acme');
    await admin('project create bank --organisation acme');
    await admin('user create alice --organisation acme');
    const secret = file('password', `${password}\n`);
    await admin(`authenticator set-password alice --password-file ${secret}`);
    await admin('role create acme/deployer --permissions project.read --permissions service-account.create');
    await admin('role create acme/renamer --permissions project.update');
    await admin('binding create alice-shop --subject user/alice --role acme/deployer --project shop');
    await admin('service-account create shop/ci');
    const { key } = json(await admin('access-key create shop/ci -o json'));
    expect(key).toMatch(/^uck_/);

    // Log in. What is kept is for its owner only, and nothing of it is printed.
    const loggedIn = await alice(`login alice --endpoint ${http} --as work --password-file ${secret}`);
    expect(loggedIn).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('as user/alice') });
    const kept = join(homeOf('alice'), '.config', 'ultracloud', 'logins.json');
    expect(statSync(kept).mode & 0o777).toBe(0o600);
    const { work } = JSON.parse(readFileSync(kept, 'utf8')) as { work: { accessToken: string; refreshToken: string } };
    for (const part of [work.accessToken, work.refreshToken]) {
      const shown = [loggedIn, await alice('context list'), await alice('context show -o json')];
      for (const { stdout, stderr } of shown) expect(stdout + stderr).not.toContain(part);
    }
    expect(json(await alice('whoami -o json'))).toMatchObject({
      principal: 'user/alice',
      credential: expect.stringMatching(/^session\//),
      grants: [{ binding: 'alice-shop', role: 'acme/deployer', place: 'project/shop' }],
    });

    // What was granted works, and nothing else: the refusal names what is missing and how to see why.
    expect(await alice('service-account create shop/web')).toMatchObject({ exitCode: 0 });
    expect(await alice('iam can me service-account.create service-account/shop/web')).toMatchObject({ exitCode: 0 });
    const refused = await alice('project update shop --display-name Shop');
    expect(refused).toMatchObject({ exitCode: 6 });
    expect(refused.stderr).toContain('permission project.update, resource project/shop');
    const position = /why: ultracloud iam why-denied (\d+)/.exec(refused.stderr)?.[1] ?? '';
    expect(position).not.toBe('');
    expect(await alice('project update bank --display-name Bank')).toMatchObject({
      exitCode: 4,
      stderr: expect.stringContaining('object.absent'),
    });

    const why = await alice(`iam why-denied ${position}`);
    expect(why).toMatchObject({ exitCode: 0 });
    expect(why.stdout).toContain('It needed project.update on project/shop.');
    expect(why.stdout).toMatch(/alice-shop +user\/alice +acme\/deployer +project\/shop +permits no project\.update/);
    const advice = /ultracloud (binding create alice-acme-renamer .*)/.exec(why.stdout)?.[1] ?? '';
    expect(advice).toBe('binding create alice-acme-renamer --subject user/alice --role acme/renamer --project shop');
    expect(await alice('iam can me project.update project/shop')).toMatchObject({
      exitCode: 6,
      stdout: expect.stringMatching(/^no\n/),
    });

    // Whoever may grant it sees first what it would change.
    const proposal = file(
      'policy.yaml',
      '- command: binding.create\n  id: alice-acme-renamer\n' +
        '  body: {subject: user/alice, role: acme/renamer, project: shop}\n',
    );
    const tried = await stage.cli('iam', 'try', '-f', proposal, '--since', '1h', '-o', 'json');
    expect(tried).toMatchObject({ exitCode: 3 });
    expect(json(tried)).toMatchObject({
      lost: 0,
      gained: 1,
      items: [{ position: Number(position), was: 'refused', wouldBe: 'allowed' }],
    });
    await admin(advice);
    expect(await alice('project update shop --display-name Shop')).toMatchObject({ exitCode: 0 });
    expect((await admin('iam who-can project.update project/shop')).stdout).toMatch(/user\/alice +alice-acme-renamer/);

    // All of it is in the timeline, the refusal too.
    const { items } = json(await alice('timeline project/shop -o json')) as { items: readonly unknown[] };
    expect(items).toMatchObject([
      { command: 'project.create', principal: 'admin', outcome: 'accepted' },
      { command: 'project.update', principal: 'user/alice', outcome: 'rejected', code: 'request.forbidden' },
      { command: 'project.update', principal: 'user/alice', outcome: 'accepted' },
    ]);

    // A program shows its key, and may do nothing yet.
    const ci = await runCommand(['project', 'get', 'shop'], {
      environment: { HOME: homeOf('ci'), ULTRACLOUD_ENDPOINT: http, ULTRACLOUD_TOKEN: String(key) },
    });
    expect(ci).toMatchObject({ exitCode: 4 });

    // Another machine of hers is let in by a code, without her password.
    const waiting = startCommand(['login', '--endpoint', http, '--as', 'work'], { HOME: homeOf('laptop') });
    const device = finished(waiting, '');
    const userCode = await new Promise<string>((resolve, reject) => {
      let said = '';
      waiting.stderr?.on('data', (chunk: Buffer) => {
        said += chunk.toString('utf8');
        const found = /device approve (\S+)/.exec(said)?.[1];
        if (found !== undefined) resolve(found);
      });
      waiting.once('close', () => reject(new Error(said)));
    });
    expect(await alice(`device approve ${userCode}`)).toMatchObject({ exitCode: 0 });
    expect(await device).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('as user/alice') });
    expect(json(await alice('whoami -o json', 'laptop'))).toMatchObject({ principal: 'user/alice' });

    // Logged out means that the token which was kept is worth nothing.
    const own = JSON.parse(readFileSync(kept, 'utf8')) as { work: { accessToken: string } };
    expect(await alice('logout')).toMatchObject({ exitCode: 0 });
    const late = await fetch(`${http}/v1/whoami`, { headers: { authorization: `Bearer ${own.work.accessToken}` } });
    expect(late.status).toBe(401);
    expect(await alice('whoami')).toMatchObject({ exitCode: 6, stderr: expect.stringContaining('ultracloud login') });
    expect(await alice('whoami', 'laptop')).toMatchObject({ exitCode: 0 });
  });
});
