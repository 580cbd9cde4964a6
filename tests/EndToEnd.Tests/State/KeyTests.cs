using System.Security.Cryptography;
using System.Text;
using Microsoft.EntityFrameworkCore;
using Sallyport.EndToEnd.Tests.Support;
using Sallyport.Proxy.Configuration;
using Sallyport.Proxy.Store;
using Sallyport.Proxy.Store.Entities;
using Xunit;

namespace Sallyport.EndToEnd.Tests.State;

/// <summary>What holds on both databases.</summary>
public abstract class KeyTests
{
    private const string Secret = "canary-0d9a-sealed";

    private protected abstract Task<StoreRig> RigAsync();

    [Fact]
    public async Task A_rotation_seals_every_secret_again_while_a_daemon_goes_on()
    {
        await using StoreRig rig = await RigAsync();
        StateStore store = await rig.OpenAsync();
        await using Sealer daemon = await SealerAsync(rig, store);
        await using Sealer command = await SealerAsync(rig, store);
        await SealOneOfEachAsync(store, daemon);
        byte[] oldKey = (await store.ReadAsync(DataKeys.ReadAsync, default))[0].Wrapped;

        using OperatorKey key = OperatorKey.Read(rig.Config.Key);
        Task<IReadOnlyDictionary<string, int>> rotating = KeyChange.RotateAsync(store, command, key, "n", TimeProvider.System, default);
        await WaitFor.TrueAsync(async () => (await store.ReadAsync(DataKeys.ReadAsync, default)).Count == 2);
        await daemon.ReloadAsync(default);

        // Until the new key is ripe the daemon seals by the old one, and what it sealed is sealed again too.
        await store.WriteAsync((db, _) => Task.FromResult(db.Targets.Add(Target("late", daemon))), default);
        IReadOnlyDictionary<string, int> done = await rotating;
        Assert.Equal(SealedColumns.All.Select(c => c.Name).Order(), done.Keys.Order());
        Assert.All(done, column => Assert.True(column.Value > 0, column.Key));
        Assert.Equal(2, done["targets.Password"]);
        Assert.Equal(2, Assert.Single(await store.ReadAsync(DataKeys.ReadAsync, default)).Id);

        await daemon.ReloadAsync(default);
        TargetRow late = await store.ReadAsync((db, cancel) => db.Targets.SingleAsync(t => t.Name == "late", cancel), default);
        Assert.Equal(Secret, Encoding.UTF8.GetString(daemon.Open(SealPurposes.TargetPassword("late"), late.Password)));
        Assert.ThrowsAny<CryptographicException>(() => daemon.Open(SealPurposes.TargetPassword("t"), late.Password));
        if (rig.Config.Sqlite is { } file)
        {
            byte[] content = [.. await File.ReadAllBytesAsync(file.Path), .. File.Exists(file.Path + "-wal") ? await ReadSharedAsync(file.Path + "-wal") : []];
            Assert.Equal(-1, content.AsSpan().IndexOf(oldKey));
            Assert.Equal(-1, content.AsSpan().IndexOf(Encoding.UTF8.GetBytes(Secret)));
        }
    }

    [Fact]
    public async Task The_operator_s_key_changes_in_two_steps_and_between_them_either_opens()
    {
        await using StoreRig rig = await RigAsync();
        StateStore store = await rig.OpenAsync();
        byte[] secret;
        await using (Sealer sealer = await SealerAsync(rig, store))
            secret = sealer.Seal("p", Encoding.UTF8.GetBytes(Secret));
        string path = rig.At("next.key");
        await File.WriteAllTextAsync(path, Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)) + "\n");
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        var reference = new SecretReference(SecretSource.File, path, default);
        using OperatorKey old = OperatorKey.Read(rig.Config.Key);
        using OperatorKey next = OperatorKey.Read(reference);

        await Assert.ThrowsAsync<StateRefusedException>(() => KeyChange.FinishRewrapAsync(store, next, default));
        await Assert.ThrowsAsync<StateRefusedException>(() => KeyChange.BeginRewrapAsync(store, next, old, default));
        await KeyChange.BeginRewrapAsync(store, old, next, default);
        await AssertOpensAsync(rig.Config.Key, true);
        await AssertOpensAsync(reference, true);
        await using (Sealer sealer = await SealerAsync(rig, store))
            await Assert.ThrowsAsync<StateRefusedException>(() => KeyChange.RotateAsync(store, sealer, old, "n", TimeProvider.System, default));
        await Assert.ThrowsAsync<StateRefusedException>(() => KeyChange.FinishRewrapAsync(store, old, default));
        await KeyChange.FinishRewrapAsync(store, next, default);
        await AssertOpensAsync(reference, true);
        await AssertOpensAsync(rig.Config.Key, false);

        async Task AssertOpensAsync(SecretReference by, bool opens)
        {
            try
            {
                await using Sealer sealer = await Sealer.OpenAsync(store, OperatorKey.Read(by), TimeProvider.System, rig.Log, default);
                Assert.True(opens);
                Assert.Equal(Secret, Encoding.UTF8.GetString(sealer.Open("p", secret)));
            }
            catch (StateRefusedException refused)
            {
                Assert.False(opens, refused.Message);
            }
        }
    }

    private static Task<Sealer> SealerAsync(StoreRig rig, StateStore store) => Sealer.OpenAsync(store, OperatorKey.Read(rig.Config.Key), TimeProvider.System, rig.Log, default);

    private static TargetRow Target(string name, Sealer sealer) => new() { Name = name, Settings = "", ChangedBy = "", Password = Seal(sealer, SealPurposes.TargetPassword(name)) };

    private static byte[] Seal(Sealer sealer, string purpose) => sealer.Seal(purpose, Encoding.UTF8.GetBytes(Secret));

    private static Task<bool> SealOneOfEachAsync(StateStore store, Sealer sealer) => store.WriteAsync(
        (db, _) =>
        {
            Guid user = Guid.NewGuid();
            db.Users.Add(new UserRow
            {
                Id = user,
                Subject = "ann",
                TotpSecret = Seal(sealer, SealPurposes.UserTotp(user)),
                ProviderRefreshToken = Seal(sealer, SealPurposes.UserProviderRefreshToken(user)),
            });
            db.SigningKeys.Add(new SigningKeyRow { Id = "k", Use = "sign", Algorithm = "ES256", Key = Seal(sealer, SealPurposes.SigningKey("k")) });
            db.Targets.Add(Target("t", sealer));
            db.OneTimes.Add(new OneTimeRow { Key = "sealed", Payload = Seal(sealer, SealPurposes.OneTime("sealed")) });
            db.OneTimes.Add(new OneTimeRow { Key = "plain", Payload = Encoding.UTF8.GetBytes("{\"not\":\"sealed, and longer than a seal's header is\"}") });
            return Task.FromResult(true);
        },
        default);

    private static async Task<byte[]> ReadSharedAsync(string path)
    {
        await using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        using var content = new MemoryStream();
        await file.CopyToAsync(content);
        return content.ToArray();
    }
}

public sealed class SqliteKeyTests : KeyTests
{
    private protected override Task<StoreRig> RigAsync() => Task.FromResult(StoreRig.Sqlite());
}

[Collection(PostgresTests.Name)]
public sealed class PostgresKeyTests(PostgresServer server) : KeyTests
{
    private protected override Task<StoreRig> RigAsync() => StoreRig.PostgresAsync(server);
}
