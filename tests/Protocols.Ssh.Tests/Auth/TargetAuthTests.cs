using Sallyport.Contract;
using Sallyport.Protocols.Ssh.Auth;
using Sallyport.Protocols.Ssh.Keys;
using Sallyport.Protocols.Ssh.Tests.Doubles;
using Sallyport.Protocols.Ssh.Tests.Keys;
using Sallyport.Protocols.Ssh.Transport;

namespace Sallyport.Protocols.Ssh.Tests.Auth;

/// <summary>Against a target that the test plays, and against our own server.</summary>
public sealed class TargetAuthTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private static readonly SshPrivateKey Key = TestKeys.Of(SshKeyTypes.Ed25519);

    public static TheoryData<string> Types => [SshKeyTypes.Ed25519, SshKeyTypes.EcdsaP256, SshKeyTypes.EcdsaP384, SshKeyTypes.EcdsaP521, SshKeyTypes.Rsa];

    [Theory]
    [MemberData(nameof(Types))]
    public async Task A_key_logs_in_at_our_own_server(string type)
    {
        SshPrivateKey key = TestKeys.Of(type);
        var login = new FakeLogin().Knows(key, "alice");
        await using AuthRig rig = await AuthRig.StartAsync(login, service: false);
        Task target = new SshTargetAuth(rig.Client, new TargetCredential("deploy", "") { PrivateKey = key.Write() }).RunAsync(default).AsTask();
        Assert.Equal("deploy", (await rig.ExpectLoginAsync()).User);
        await rig.Auth.SucceedAsync(default);
        await target.WaitAsync(Patience);
    }

    [Fact]
    public async Task A_certificate_goes_with_its_key()
    {
        byte[] certificate = TestKeys.Certificate(Key.PublicKey, TestKeys.Of(SshKeyTypes.EcdsaP256));
        var login = new FakeLogin { Keys = { [Convert.ToHexString(certificate)] = FakeLogin.Person("alice") } };
        await using AuthRig rig = await AuthRig.StartAsync(login, service: false);
        Task target = new SshTargetAuth(rig.Client, new TargetCredential("deploy", "") { PrivateKey = Key.Write(), Certificate = certificate }).RunAsync(default).AsTask();
        await rig.ExpectLoginAsync();
        await rig.Auth.SucceedAsync(default);
        await target.WaitAsync(Patience);
    }

    [Fact]
    public async Task A_password_is_said_once()
    {
        await using TransportPair pair = await new TransportPair().HandshakeAsync();
        Task target = Run(pair, new TargetCredential("deploy", "secret"));
        await AcceptAsync(pair);
        Assert.Equal(new SshWriter().Byte(50).String("deploy").String("ssh-connection").String("password").Boolean(false).String("secret").ToArray(), await TakeAsync(pair));
        await SendAsync(pair, Failure("password,keyboard-interactive"));
        await RefusedAsync(target, "target-login-refused");
        Assert.Empty(await TakeAsync(pair));
    }

    [Fact]
    public async Task A_target_that_asks_instead_gets_the_password_to_one_hidden_question()
    {
        await using TransportPair pair = await new TransportPair().HandshakeAsync();
        Task target = Run(pair, new TargetCredential("deploy", "secret"));
        await AcceptAsync(pair);
        await TakeAsync(pair);
        await SendAsync(pair, new SshWriter().Byte(53).String("welcome").String(""));
        await SendAsync(pair, Failure("keyboard-interactive"));
        Assert.Equal(new SshWriter().Byte(50).String("deploy").String("ssh-connection").String("keyboard-interactive").String("").String("").ToArray(), await TakeAsync(pair));
        await SendAsync(pair, Info());
        Assert.Equal([61, 0, 0, 0, 0], await TakeAsync(pair));
        await SendAsync(pair, Info(("Password: ", false)));
        Assert.Equal(new SshWriter().Byte(61).UInt32(1).String("secret").ToArray(), await TakeAsync(pair));
        await SendAsync(pair, Info());
        Assert.Equal([61, 0, 0, 0, 0], await TakeAsync(pair));
        await SendAsync(pair, new SshWriter().Byte(52));
        await target.WaitAsync(Patience);
    }

    [Theory]
    [InlineData(true, 1)]
    [InlineData(false, 2)]
    public async Task Other_questions_are_not_answered(bool echo, int count)
    {
        await using TransportPair pair = await new TransportPair().HandshakeAsync();
        Task target = Run(pair, new TargetCredential("deploy", "secret"));
        await AcceptAsync(pair);
        await TakeAsync(pair);
        await SendAsync(pair, Failure("keyboard-interactive"));
        await TakeAsync(pair);
        await SendAsync(pair, Info([.. Enumerable.Repeat(("Password: ", echo), count)]));
        await RefusedAsync(target, "target-login-refused");
        Assert.Empty(await TakeAsync(pair));
    }

    [Fact]
    public async Task The_password_is_said_to_one_question_only()
    {
        await using TransportPair pair = await new TransportPair().HandshakeAsync();
        Task target = Run(pair, new TargetCredential("deploy", "secret"));
        await AcceptAsync(pair);
        await TakeAsync(pair);
        await SendAsync(pair, Failure("keyboard-interactive"));
        await TakeAsync(pair);
        await SendAsync(pair, Info(("Password: ", false)));
        await TakeAsync(pair);
        await SendAsync(pair, Info(("One-time code: ", false)));
        await RefusedAsync(target, "target-login-refused");
    }

    [Fact]
    public async Task A_target_that_refuses_the_key_is_not_told_the_password()
    {
        await using TransportPair pair = await new TransportPair().HandshakeAsync();
        Task target = Run(pair, new TargetCredential("deploy", "secret") { PrivateKey = Key.Write() });
        await AcceptAsync(pair);
        Assert.Equal(50, (await TakeAsync(pair))[0]);
        await SendAsync(pair, Failure("publickey,password"));
        await RefusedAsync(target, "target-login-refused");
        Assert.Empty(await TakeAsync(pair));
    }

    [Fact]
    public async Task A_target_that_wants_both_gets_both()
    {
        await using TransportPair pair = await new TransportPair().HandshakeAsync();
        Task target = Run(pair, new TargetCredential("deploy", "secret") { PrivateKey = Key.Write() });
        await AcceptAsync(pair);
        await TakeAsync(pair);
        await SendAsync(pair, Failure("password", partial: true));
        Assert.Equal(new SshWriter().Byte(50).String("deploy").String("ssh-connection").String("password").Boolean(false).String("secret").ToArray(), await TakeAsync(pair));
        await SendAsync(pair, new SshWriter().Byte(52));
        await target.WaitAsync(Patience);
    }

    [Fact]
    public async Task Rsa_signs_by_what_the_target_takes_and_never_with_SHA1()
    {
        await using TransportPair pair = await new TransportPair(server: new SshTransportOptions { UserSignatures = ["ssh-rsa", "rsa-sha2-256"] }).HandshakeAsync();
        Task target = Run(pair, new TargetCredential("deploy", "") { PrivateKey = TestKeys.Of(SshKeyTypes.Rsa).Write() });
        await AcceptAsync(pair);
        Assert.Equal("rsa-sha2-256", AlgorithmOf(await TakeAsync(pair)));
        await SendAsync(pair, Failure("publickey"));
        await RefusedAsync(target, "target-login-refused");
        Assert.Empty(await TakeAsync(pair));
    }

    [Fact]
    public async Task A_target_that_takes_SHA1_only_gets_no_signature()
    {
        await using TransportPair pair = await new TransportPair(server: new SshTransportOptions { UserSignatures = ["ssh-rsa"] }).HandshakeAsync();
        Task target = Run(pair, new TargetCredential("deploy", "") { PrivateKey = TestKeys.Of(SshKeyTypes.Rsa).Write() });
        await AcceptAsync(pair);
        await RefusedAsync(target, "target-login-refused");
    }

    [Theory]
    [InlineData("not a key", "", "target-credential-bad")]
    [InlineData("", "", "target-credential-missing")]
    public async Task A_credential_that_is_none_is_told_to_the_operator(string key, string password, string word)
    {
        await using TransportPair pair = await new TransportPair().HandshakeAsync();
        Task target = Run(pair, new TargetCredential("deploy", password) { PrivateKey = System.Text.Encoding.ASCII.GetBytes(key) });
        await AcceptAsync(pair);
        SshEndException end = await RefusedAsync(target, word);
        Assert.Equal(SessionSide.Proxy, end.End.Side);
    }

    [Fact]
    public async Task Every_number_but_the_answers_ends_it()
    {
        foreach (byte number in (byte[])[5, 6, 50, 52, 54, 59, 60, 61, 62, 79])
        {
            // In place of SERVICE_ACCEPT even SUCCESS is none.
            await using TransportPair pair = await new TransportPair().HandshakeAsync();
            Task target = Run(pair, new TargetCredential("deploy", "secret"));
            await TakeAsync(pair);
            await SendAsync(pair, new SshWriter().Byte(number).String("x"));
            await RefusedAsync(target, "protocol-violation");
            Assert.Empty(await TakeAsync(pair));
        }

        foreach (byte number in (byte[])[5, 6, 50, 54, 59, 60, 61, 62, 79])
        {
            await using TransportPair pair = await new TransportPair().HandshakeAsync();
            Task target = Run(pair, new TargetCredential("deploy", "") { PrivateKey = Key.Write() });
            await AcceptAsync(pair);
            await TakeAsync(pair);
            await SendAsync(pair, new SshWriter().Byte(number).String("x"));
            await RefusedAsync(target, "protocol-violation");
        }
    }

    [Fact]
    public async Task Banners_and_questions_have_an_end()
    {
        await using TransportPair pair = await new TransportPair().HandshakeAsync();
        Task target = Run(pair, new TargetCredential("deploy", "secret"));
        await TakeAsync(pair);
        for (int i = 0; i < 40 && !target.IsCompleted; i++)
            await SendAsync(pair, new SshWriter().Byte(53).String("again").String(""));
        await RefusedAsync(target, "protocol-violation");

        await using TransportPair second = await new TransportPair().HandshakeAsync();
        target = Run(second, new TargetCredential("deploy", "secret"));
        await AcceptAsync(second);
        await TakeAsync(second);
        await SendAsync(second, Failure("keyboard-interactive"));
        await TakeAsync(second);
        for (int i = 0; i < 8; i++)
        {
            await SendAsync(second, Info());
            await TakeAsync(second);
        }

        await RefusedAsync(target, "protocol-violation");
    }

    [Fact]
    public async Task A_target_that_leaves_has_refused()
    {
        await using TransportPair pair = await new TransportPair().HandshakeAsync();
        Task target = Run(pair, new TargetCredential("deploy", "secret"));
        await AcceptAsync(pair);
        await TakeAsync(pair);
        await pair.Server.DisconnectAsync(14, "Too many authentication failures");
        SshEndException end = await RefusedAsync(target, "target-login-refused");
        Assert.Contains("Too many", end.End.Detail, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", end.ToString(), StringComparison.Ordinal);
    }

    private static Task Run(TransportPair pair, TargetCredential credential) => new SshTargetAuth(pair.Client, credential).RunAsync(default).AsTask();

    private static async Task AcceptAsync(TransportPair pair)
    {
        Assert.Equal([5, 0, 0, 0, 12, .. "ssh-userauth"u8], await TakeAsync(pair));
        await SendAsync(pair, new SshWriter().Byte(6).String("ssh-userauth"));
    }

    private static async Task<byte[]> TakeAsync(TransportPair pair) => (await pair.Server.ReadAsync(default).AsTask().WaitAsync(Patience)).ToArray();

    private static Task SendAsync(TransportPair pair, SshWriter message) => pair.Server.WriteAsync(message.ToArray(), default).AsTask();

    private static SshWriter Failure(string methods, bool partial = false) => new SshWriter().Byte(51).String(methods).Boolean(partial);

    private static SshWriter Info(params (string Text, bool Echo)[] questions)
    {
        SshWriter writer = new SshWriter().Byte(60).String("").String("").String("").UInt32((uint)questions.Length);
        foreach ((string text, bool echo) in questions)
            writer.String(text).Boolean(echo);
        return writer;
    }

    private static string AlgorithmOf(byte[] request)
    {
        var reader = new SshReader(request.AsSpan(1));
        reader.ReadString();
        reader.ReadString();
        Assert.Equal("publickey", reader.ReadText(64));
        Assert.Equal(1, reader.ReadByte());
        return reader.ReadText(64);
    }

    private static async Task<SshEndException> RefusedAsync(Task target, string word)
    {
        SshEndException end = await Assert.ThrowsAsync<SshEndException>(() => target.WaitAsync(Patience));
        Assert.Equal(word, end.End.Reason);
        Assert.Equal(SessionStage.TargetLogin, end.End.Stage);
        return end;
    }
}
