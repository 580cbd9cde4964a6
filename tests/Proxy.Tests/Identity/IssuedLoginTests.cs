using System.Security.Cryptography;
using System.Text;
using Sallyport.Contract;
using Sallyport.Proxy.Identity;
using Sallyport.Proxy.Identity.Logins;
using Sallyport.Proxy.Store.Entities;
using Sallyport.Proxy.Tests.Support;
using Xunit;

namespace Sallyport.Proxy.Tests.Identity;

/// <summary>Issued passwords, and logins that a person makes elsewhere.</summary>
public sealed class IssuedLoginTests : IAsyncLifetime
{
    private readonly Desk _desk = new();
    private LoginRig _rig = null!;

    public async Task InitializeAsync()
    {
        _rig = await LoginRig.OpenAsync(_desk);
        await _rig.AddUserAsync("pat", ["dba"]);
    }

    public async Task DisposeAsync() => await _rig.DisposeAsync();

    [Fact]
    public async Task An_issued_password_stands_for_the_identity_and_no_longer_than_it()
    {
        Contract.Identity pat = await PatAsync();
        NewPassword issued = await _rig.Passwords.IssueAsync(pat, TimeSpan.FromHours(8), "shop", null, _rig.KeepAsync, default);
        Assert.Matches("^sp-[a-z2-7]{8}$", issued.UserName);
        Assert.Equal(pat.ExpiresAt, issued.ExpiresAt);
        Contract.Identity identity = (await LoginAsync(issued)).Identity!;
        Assert.Equal("pat", identity.Subject);
        Assert.Equal(["shop"], identity.Targets.AsEnumerable());
        Assert.Equal($"issued:{issued.Id}", identity.TokenId);
        Assert.Equal(pat.IssuedAt, identity.IssuedAt);
        Assert.DoesNotContain(issued.Password, issued.ToString(), StringComparison.Ordinal);

        await _rig.FlushAsync();
        Assert.Equal(_rig.Time.Now, Assert.Single(await _rig.Passwords.ListAsync("pat", 10, default)).LastUsedAt);
        _rig.Time.Now = issued.ExpiresAt;
        Assert.Equal(Refusals.Expired, (await LoginAsync(issued)).Refusal);
    }

    [Fact]
    public async Task It_dies_with_its_revocation_and_with_the_login_it_came_from()
    {
        NewPassword first = await _rig.Passwords.IssueAsync(await PatAsync(), TimeSpan.FromMinutes(5), null, null, _rig.KeepAsync, default);
        NewPassword second = await _rig.Passwords.IssueAsync(await PatAsync(), TimeSpan.FromMinutes(5), null, null, _rig.KeepAsync, default);
        Assert.False(await _rig.Passwords.RevokeAsync(first.Id, "sam", "not mine", null, _rig.KeepAsync, default));
        Assert.True(await _rig.Passwords.RevokeAsync(first.Id, "pat", "done", null, _rig.KeepAsync, default));
        Assert.Equal(Refusals.Revoked, (await LoginAsync(first)).Refusal);
        Assert.Null((await LoginAsync(second)).Refusal);
        await _rig.Revocations.RevokeAsync("login", "", "s-1", "logged out", null, default);
        Assert.Equal(Refusals.Revoked, (await LoginAsync(second)).Refusal);
    }

    [Fact]
    public async Task A_wrong_password_and_a_name_that_does_not_exist_look_the_same()
    {
        NewPassword issued = await _rig.Passwords.IssueAsync(await PatAsync(), TimeSpan.FromMinutes(5), null, null, _rig.KeepAsync, default);
        ScramLogin real = (await FindAsync(issued.UserName))!;
        ScramLogin none = (await FindAsync("sp-aaaaaaaa"))!;
        Assert.Equal((real.Salt.Length, real.Iterations, real.StoredKey.Length), (none.Salt.Length, none.Iterations, none.StoredKey.Length));
        Assert.Equal(none.Salt, (await FindAsync("sp-aaaaaaaa"))!.Salt);
        Assert.NotEqual(none.Salt, (await FindAsync("sp-aaaaaaab"))!.Salt);
        Assert.Equal(Refusals.Credential, (await none.CompleteAsync(true, default)).Refusal);
        Assert.Equal(Refusals.Credential, (await real.CompleteAsync(false, default)).Refusal);
        Assert.Equal(Refusals.Internal, (await real.CompleteAsync(true, default)).Refusal);
    }

    [Theory]
    [InlineData("pat")]
    [InlineData("sp-")]
    [InlineData("sp-AAAAAAAA")]
    [InlineData("sp-aaaaaaa1")]
    [InlineData("sp-aaaaaaaaa")]
    public async Task Other_names_are_none_of_its_business(string user) => Assert.Null(await FindAsync(user));

    [Fact]
    public async Task A_name_that_is_guessed_at_must_wait()
    {
        NewPassword issued = await _rig.Passwords.IssueAsync(await PatAsync(), TimeSpan.FromMinutes(5), null, null, _rig.KeepAsync, default);
        for (int i = 0; i < 8; i++)
            await (await _rig.Login.FindIssuedAsync(issued.UserName, LoginRig.From($"192.0.2.{i}"), default))!.CompleteAsync(false, default);
        Assert.Equal(Refusals.Throttled, (await LoginAsync(issued)).Refusal);
        _rig.Time.Now += TimeSpan.FromMinutes(1);
        Assert.Null((await LoginAsync(issued)).Refusal);
    }

    [Fact]
    public async Task Without_the_store_nobody_is_let_in_by_password()
    {
        NewPassword issued = await _rig.Passwords.IssueAsync(await PatAsync(), TimeSpan.FromMinutes(5), null, null, _rig.KeepAsync, default);
        _rig.Store.LostAt = _rig.Time.Now;
        Assert.Equal(Refusals.StoreUnavailable, (await LoginAsync(issued)).Refusal);
    }

    [Fact]
    public async Task Passwords_issue_no_passwords_and_go_where_the_login_may()
    {
        NewPassword issued = await _rig.Passwords.IssueAsync(await PatAsync() with { Targets = ["shop"] }, TimeSpan.FromMinutes(5), null, null, _rig.KeepAsync, default);
        Contract.Identity identity = (await LoginAsync(issued)).Identity!;
        Assert.Equal(["shop"], identity.Targets.AsEnumerable());
        await Assert.ThrowsAsync<ArgumentException>(() => _rig.Passwords.IssueAsync(identity, TimeSpan.FromMinutes(5), null, null, _rig.KeepAsync, default));
        Contract.Identity narrow = await PatAsync() with { Targets = ["shop"] };
        await Assert.ThrowsAsync<ArgumentException>(() => _rig.Passwords.IssueAsync(narrow, TimeSpan.FromMinutes(5), "hr", null, _rig.KeepAsync, default));
        await Assert.ThrowsAsync<ArgumentException>(() => _rig.Passwords.IssueAsync(narrow, TimeSpan.FromSeconds(5), null, null, _rig.KeepAsync, default));
    }

    [Fact]
    public void The_verifier_is_RFC_7677s()
    {
        // RFC 7677 3: user "user", password "pencil"; the server signature follows from the server key.
        byte[] salt = Convert.FromBase64String("W22ZaJ0SNY7soEsUEjb6gQ==");
        (_, byte[] serverKey) = IssuedPasswords.Verifier("pencil", salt, 4096);
        const string Auth = "n=user,r=rOprNGfwEbeRWgbNEkqO,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
        Assert.Equal("6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=", Convert.ToBase64String(HMACSHA256.HashData(serverKey, Encoding.ASCII.GetBytes(Auth))));
    }

    [Fact]
    public async Task A_person_who_logs_in_elsewhere_is_let_in_as_what_the_store_knows()
    {
        _desk.Answer = new LoginResult(await PatAsync() with { Groups = ["dba", "gone"] }, null);
        LoginPrompt? shown = null;
        LoginResult result = await PromptAsync((prompt, _) =>
        {
            shown = prompt;
            return default;
        });
        Assert.Equal("WXYZ", shown!.Code);
        Assert.Equal(["dba"], result.Identity!.Groups.AsEnumerable());

        await _rig.Revocations.RevokeAsync("subject", "", "pat", "left", null, default);
        Assert.Equal(Refusals.Revoked, (await PromptAsync((_, _) => default)).Refusal);
    }

    [Fact]
    public async Task A_prompt_that_cannot_be_shown_is_withdrawn()
    {
        _desk.Answer = null;
        Assert.Equal(Refusals.Internal, (await PromptAsync((_, _) => throw new IOException("gone"))).Refusal);
        Assert.True(_desk.Withdrawn);
        _desk.Full = true;
        Assert.Equal("prompt-too-many", (await PromptAsync((_, _) => default)).Refusal);
    }

    private async Task<LoginResult> PromptAsync(Func<LoginPrompt, CancellationToken, ValueTask> show) =>
        await _rig.Login.PromptAsync(new LoginAttempt("pat", LoginRig.From(), "psql", "shop"), show, default);

    private async Task<Contract.Identity> PatAsync() => (await _rig.LoginAsync(_rig.BrokerToken("pat", ["dba"], """{"sid":"s-1"}"""))).Identity!;

    private async Task<ScramLogin?> FindAsync(string user) => await _rig.Login.FindIssuedAsync(user, LoginRig.From(), default);

    /// <summary>The client's side: proves the password against what the server shows.</summary>
    private async Task<LoginResult> LoginAsync(NewPassword issued)
    {
        ScramLogin login = (await FindAsync(issued.UserName))!;
        (byte[] storedKey, byte[] serverKey) = IssuedPasswords.Verifier(issued.Password, login.Salt, login.Iterations);
        return await login.CompleteAsync(storedKey.SequenceEqual(login.StoredKey) && serverKey.SequenceEqual(login.ServerKey), default);
    }

    private sealed class Desk : IPromptDesk
    {
        public LoginResult? Answer { get; set; }

        public bool Full { get; set; }

        public bool Withdrawn { get; private set; }

        public Task<LoginPrompt?> OpenAsync(LoginAttempt attempt, CancellationToken cancel) =>
            Task.FromResult(Full ? null : new LoginPrompt("https://broker.example/p", "WXYZ", DateTimeOffset.MaxValue));

        public async Task<LoginResult> WaitAsync(LoginPrompt prompt, System.Net.IPAddress source, CancellationToken cancel)
        {
            if (Answer is { } answer)
                return answer;
            try
            {
                await Task.Delay(Timeout.Infinite, cancel);
            }
            finally
            {
                Withdrawn = true;
            }

            return default;
        }
    }
}
