using CsCheck;
using Sallyport.Protocols.Ssh.Keys;
using Sallyport.Protocols.Ssh.Tests.Keys;
using Sallyport.Protocols.Ssh.Transport;

namespace Sallyport.Protocols.Ssh.Tests.Auth;

/// <summary>A good request with something changed, cut out or put in: it is answered or ends the connection, and lets nobody in.</summary>
public sealed class AuthMutationTests
{
    private static readonly SshPrivateKey Alice = TestKeys.Of(SshKeyTypes.Ed25519, "alice");
    private static readonly SshPrivateKey Bob = TestKeys.Of(SshKeyTypes.EcdsaP256, "bob");

    [Fact]
    public async Task A_request_that_was_changed_lets_nobody_in() => await Gen.Select(Gen.Int[0, 2], Gen.Int[1, 400], Gen.Int[0, 2], Gen.Byte[1, 255]).SampleAsync(
        async (which, at, kind, value) =>
        {
            await using AuthRig rig = await AuthRig.StartAsync(new FakeLogin { Passwords = { ["a token"] = FakeLogin.Person("alice") } }.Knows(Alice, "alice").Knows(Bob, "bob"));
            byte[] request = (which switch { 0 => rig.Signed(Alice), 1 => rig.Signed(Bob), _ => AuthRig.Password("a token") }).ToArray();
            int index = 1 + (at % (request.Length - 1));

            // A password does not sign the name it is said with: any change but of the name is one.
            if (which == 2 && kind == 0 && index is >= 5 and < 16)
                index = request.Length - 1;
            byte[] changed = kind switch
            {
                0 => [.. request[..index], (byte)(request[index] ^ value), .. request[(index + 1)..]],
                1 => request[..index],
                _ => [.. request[..index], value, .. request[index..]],
            };
            await rig.Client.WriteAsync(changed, default);
            byte[] answer = await rig.TakeAnswerAsync();
            Assert.True(answer is [] or [51, ..] or [60, ..], $"{answer.FirstOrDefault()}");
            if (answer.Length > 0)
                Assert.False(rig.Login.IsCompleted);
            else
                await Assert.ThrowsAsync<SshEndException>(() => rig.Login);
        },
        iter: 200);
}
