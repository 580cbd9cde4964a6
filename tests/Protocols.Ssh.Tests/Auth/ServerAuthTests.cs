using System.Text;
using Sallyport.Contract;
using Sallyport.Protocols.Ssh.Auth;
using Sallyport.Protocols.Ssh.Keys;
using Sallyport.Protocols.Ssh.Tests.Keys;
using Sallyport.Protocols.Ssh.Transport;

namespace Sallyport.Protocols.Ssh.Tests.Auth;

public sealed class ServerAuthTests
{
    private static readonly SshPrivateKey Alice = TestKeys.Of(SshKeyTypes.Ed25519, "alice");
    private static readonly SshPrivateKey Other = TestKeys.Of(SshKeyTypes.EcdsaP256, "alice");

    [Fact]
    public void Every_message_in_every_state_before_the_login()
    {
        foreach (SshAuthState state in Enum.GetValues<SshAuthState>())
        {
            for (int message = 0; message <= 255; message++)
            {
                bool legal = (state, message) is (SshAuthState.Service, 5) or (SshAuthState.Request, 50) or (SshAuthState.Info, 50 or 61) or (SshAuthState.Prompted, 50);
                Assert.Equal(legal, SshAuthStates.TryAdvance(state, (byte)message, out SshAuthState next));
                Assert.Equal(!legal ? state : message == 61 ? SshAuthState.Prompted : SshAuthState.Request, next);
            }
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task No_number_but_those_of_the_login_is_looked_at(bool service)
    {
        // Over real transports: the whole range, one connection each. 1 to 4, 7, 20 to 49 and 192 upwards are the transport's own.
        for (int number = 5; number <= 191; number++)
        {
            if (number is 7 or (>= 20 and <= 49) or (>= 8 and <= 19) or >= 128 || number == (service ? 50 : 5))
                continue;
            var login = new FakeLogin().Knows(Alice, "alice");
            await using AuthRig rig = await AuthRig.StartAsync(login, service: service);
            await rig.SendAsync(new SshWriter().Byte((byte)number).String("ssh-connection").String("session").UInt32(0));
            await rig.ExpectEndAsync(2, "protocol-violation");
            Assert.Empty(login.Asked);
        }
    }

    [Fact]
    public async Task There_is_no_service_but_the_login()
    {
        await using AuthRig rig = await AuthRig.StartAsync(new FakeLogin(), service: false);
        await rig.SendAsync(new SshWriter().Byte(5).String("ssh-connection"));
        await rig.ExpectEndAsync(7, "protocol-violation");
    }

    [Fact]
    public async Task The_login_is_for_the_connection_only()
    {
        await using AuthRig rig = await AuthRig.StartAsync(new FakeLogin().Knows(Alice, "alice"));
        await rig.SendAsync(AuthRig.Request("none", service: "ssh-userauth"));
        await rig.ExpectEndAsync(7, "protocol-violation");
    }

    [Fact]
    public async Task None_tells_what_there_is()
    {
        await using AuthRig rig = await AuthRig.StartAsync(new FakeLogin());
        await rig.SendAsync(AuthRig.Request("none"));
        await rig.ExpectFailureAsync();
        await rig.SendAsync(AuthRig.Request("hostbased"));
        await rig.ExpectFailureAsync();
    }

    [Fact]
    public async Task Nothing_asked_for_lets_nobody_in()
    {
        await using AuthRig rig = await AuthRig.StartAsync(new FakeLogin().Knows(Alice, "alice"), methods: [[]]);
        await rig.SendAsync(AuthRig.Request("none"));
        Assert.Equal(new SshWriter().Byte(51).String("").Boolean(false).ToArray(), await rig.TakeAsync());
        Assert.False(rig.Login.IsCompleted);
    }

    [Fact]
    public async Task A_password_is_a_proof_with_the_user_name_as_it_came()
    {
        var login = new FakeLogin { Passwords = { ["token"] = FakeLogin.Person("alice") } };
        await using AuthRig rig = await AuthRig.StartAsync(login);
        await rig.SendAsync(AuthRig.Password("wrong"));
        await rig.ExpectFailureAsync();
        await rig.SendAsync(AuthRig.Password("token"));
        Assert.Equal("alice", (await rig.ExpectLoginAsync()).Identity.Subject);
        Assert.Equal(["password for " + AuthRig.User, "password for " + AuthRig.User], login.Asked);
    }

    [Fact]
    public async Task An_empty_password_and_a_change_of_it_prove_nothing()
    {
        var login = new FakeLogin { Passwords = { [""] = FakeLogin.Person("alice"), ["token"] = FakeLogin.Person("alice") } };
        await using AuthRig rig = await AuthRig.StartAsync(login);
        await rig.SendAsync(AuthRig.Password(""));
        await rig.ExpectFailureAsync();
        await rig.SendAsync(AuthRig.Request("password").Boolean(true).String("token").String("new"));
        await rig.ExpectFailureAsync();
        await rig.SendAsync(AuthRig.Request("password").Boolean(true).String("token"));
        await rig.ExpectFailureAsync();
        Assert.Empty(login.Asked);
    }

    [Fact]
    public async Task Failed_proofs_are_counted()
    {
        await using AuthRig rig = await AuthRig.StartAsync(new FakeLogin(), limits: limits => limits with { AuthFailures = 3 });
        for (int i = 0; i < 2; i++)
        {
            await rig.SendAsync(AuthRig.Password("wrong"));
            await rig.ExpectFailureAsync();
        }

        await rig.SendAsync(AuthRig.Password("wrong"));
        await rig.ExpectEndAsync(14, "login-refused");
        Assert.Equal("14: Too many authentication failures", rig.Client.PeerDisconnect);
    }

    [Fact]
    public async Task Factors_follow_each_other_and_what_the_first_forbids_stays_forbidden()
    {
        var login = new FakeLogin().Knows(Alice, "alice", new LoginRestrictions { ForceCommand = "uptime", NoPty = true });
        login.Passwords["token"] = FakeLogin.Person("alice", new LoginRestrictions { NoAgent = true });
        await using AuthRig rig = await AuthRig.StartAsync(login, [[SshMethod.PublicKey, SshMethod.Password]]);
        await rig.SendAsync(AuthRig.Password("token"));
        await rig.ExpectFailureAsync(false, "publickey");
        await rig.SendAsync(rig.Signed(Alice));
        await rig.ExpectFailureAsync(true, "password");
        await rig.SendAsync(rig.Signed(Alice));
        await rig.ExpectFailureAsync(false, "password");
        await rig.SendAsync(AuthRig.Password(""));
        await rig.ExpectFailureAsync(false, "password");
        await rig.SendAsync(AuthRig.Password("token"));

        SshLoggedIn done = await rig.ExpectLoginAsync();
        Assert.Equal(new LoginRestrictions { ForceCommand = "uptime", NoPty = true, NoAgent = true }, done.Restrictions);
        Assert.Equal([SshMethod.PublicKey, SshMethod.Password], done.Methods);
    }

    [Fact]
    public async Task Two_factors_are_of_one_person()
    {
        var login = new FakeLogin().Knows(Alice, "alice");
        login.Passwords["bobs"] = FakeLogin.Person("bob");
        await using AuthRig rig = await AuthRig.StartAsync(login, [[SshMethod.PublicKey, SshMethod.Password]]);
        await rig.SendAsync(rig.Signed(Alice));
        await rig.ExpectFailureAsync(true, "password");
        await rig.SendAsync(AuthRig.Password("bobs"));
        await rig.ExpectFailureAsync(false, "password");
        Assert.False(rig.Login.IsCompleted);
    }

    [Fact]
    public async Task One_key_is_one_factor()
    {
        await using AuthRig rig = await AuthRig.StartAsync(new FakeLogin().Knows(Alice, "alice").Knows(Other, "alice"), [[SshMethod.PublicKey, SshMethod.PublicKey]]);
        await rig.SendAsync(rig.Signed(Alice));
        await rig.ExpectFailureAsync(true, "publickey");
        await rig.SendAsync(rig.Signed(Alice));
        await rig.ExpectFailureAsync(false, "publickey");
        await rig.SendAsync(rig.Signed(Other));
        Assert.Equal("alice", (await rig.ExpectLoginAsync()).Identity.Subject);
    }

    [Fact]
    public async Task Another_user_name_begins_anew()
    {
        var login = new FakeLogin().Knows(Alice, "alice");
        login.Passwords["token"] = FakeLogin.Person("alice");
        await using AuthRig rig = await AuthRig.StartAsync(login, [[SshMethod.PublicKey, SshMethod.Password]]);
        await rig.SendAsync(rig.Signed(Alice));
        await rig.ExpectFailureAsync(true, "password");
        await rig.SendAsync(AuthRig.Password("token", "root+web1"));
        await rig.ExpectFailureAsync(false, "publickey");
        await rig.SendAsync(AuthRig.Password("token"));
        await rig.ExpectFailureAsync(false, "publickey");
    }

    [Fact]
    public async Task Different_commands_cannot_both_be_forced()
    {
        var login = new FakeLogin().Knows(Alice, "alice", new LoginRestrictions { ForceCommand = "uptime" });
        login.Passwords["token"] = FakeLogin.Person("alice", new LoginRestrictions { ForceCommand = "id" });
        await using AuthRig rig = await AuthRig.StartAsync(login, [[SshMethod.PublicKey, SshMethod.Password]]);
        await rig.SendAsync(rig.Signed(Alice));
        await rig.ExpectFailureAsync(true, "password");
        await rig.SendAsync(AuthRig.Password("token"));
        await rig.ExpectFailureAsync(false, "password");
    }

    [Theory]
    [InlineData("a", "b", null)]
    [InlineData("a", "", "a")]
    [InlineData("", "b", "b")]
    [InlineData("a,b", "b,c", "b")]
    [InlineData("", "", "")]
    public void Targets_are_those_of_both_proofs(string first, string second, string? both)
    {
        var factors = new SshFactors([[SshMethod.PublicKey, SshMethod.Password]]);
        Assert.Null(factors.Add(new SshFactor(SshMethod.PublicKey, FakeLogin.Person("alice", null, Split(first)), "1")));
        string? refusal = factors.Add(new SshFactor(SshMethod.Password, FakeLogin.Person("alice", null, Split(second)), "2"));
        Assert.Equal(both is null ? "factors-differ" : null, refusal);
        if (both is not null)
            Assert.Equal(Split(both), factors.Identity!.Targets);

        static string[] Split(string names) => names.Split(',', StringSplitOptions.RemoveEmptyEntries);
    }

    [Fact]
    public void The_shorter_life_counts()
    {
        var factors = new SshFactors([[SshMethod.PublicKey, SshMethod.Password]]);
        LoginResult later = FakeLogin.Person("alice");
        var sooner = new LoginResult(later.Identity! with { ExpiresAt = FakeLogin.Expiry.AddHours(-1) }, null);
        Assert.Null(factors.Add(new SshFactor(SshMethod.PublicKey, sooner, "1")));
        Assert.Null(factors.Add(new SshFactor(SshMethod.Password, later, "2")));
        Assert.Equal(FakeLogin.Expiry.AddHours(-1), factors.Identity!.ExpiresAt);
    }

    [Fact]
    public async Task A_refusal_is_told_before_the_login_is_over()
    {
        await using AuthRig rig = await AuthRig.StartAsync(new FakeLogin().Knows(Alice, "alice"));
        await rig.SendAsync(rig.Signed(Alice));
        await rig.ExpectLoginAsync();
        await rig.Auth.RefuseAsync("web1 is not for you\u001b[2J", default);
        byte[] banner = await rig.TakeAsync();
        Assert.Equal(53, banner[0]);
        Assert.Contains("web1 is not for you?[2J\r\n", Encoding.UTF8.GetString(banner), StringComparison.Ordinal);
        Assert.Empty(await rig.TakeAsync());
        Assert.Equal("11: web1 is not for you?[2J", rig.Client.PeerDisconnect);
    }

    [Theory]
    [InlineData("a\nb")]
    [InlineData("a\0b")]
    public async Task A_user_name_that_no_log_could_show_is_none(string user)
    {
        await using AuthRig rig = await AuthRig.StartAsync(new FakeLogin());
        await rig.SendAsync(AuthRig.Request("none", user));
        await rig.ExpectEndAsync(2, "protocol-violation");
    }
}
