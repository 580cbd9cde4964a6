using System.Net;
using Sallyport.Contract;
using Sallyport.Proxy.Admin;
using Sallyport.Proxy.Tests.Support;
using Xunit;

namespace Sallyport.Proxy.Tests.Admin;

public sealed class TargetRouteTests : IAsyncLifetime
{
    private const string Canary = "canary-5up3r-s3cret";

    private static readonly string Administrator = AdminRig.Token("adam", AdminRole.Administrator);

    private AdminHouse _house = null!;

    private AdminRig Rig => _house.Rig;

    public async Task InitializeAsync() => _house = await AdminHouse.StartAsync();

    public async Task DisposeAsync() => await _house.DisposeAsync();

    [Fact]
    public async Task A_target_of_the_store_is_led_to_and_its_password_shown_to_nobody()
    {
        List<string> answers = [await PutAsync("billing", new { protocol = "postgres", address = "db:5432", user = "app", database = "billing" }, Canary, HttpStatusCode.OK)];
        TargetInfo target = _house.Targets.Find("billing", "postgres")!;
        Assert.Equal("billing", target.DefaultResource);
        TargetCredential credential = await _house.Targets.CredentialAsync(target, default);
        Assert.Equal(("app", Canary), (credential.User, credential.Password));

        // Without a password the one that it has stays.
        answers.Add(await PutAsync("billing", new { protocol = "postgres", address = "db2:5432", user = "app" }, null, HttpStatusCode.OK));
        Assert.Equal(Canary, (await _house.Targets.CredentialAsync(_house.Targets.Find("billing", "postgres")!, default)).Password);
        answers.Add((await Rig.SendAsync(HttpMethod.Get, "/v1/targets", Administrator)).Body);
        answers.Add((await Rig.SendAsync(HttpMethod.Get, "/v1/targets/billing", Administrator)).Body);
        answers.Add(await PutAsync("billing", new { protocol = "postgres", address = "nonsense", user = "app" }, Canary, HttpStatusCode.BadRequest));
        answers.Add((await Rig.SendAsync(HttpMethod.Put, "/v1/targets/billing", Administrator, $$"""{"settings":{"protocol":"postgres","address":"db:1","user":"x"},"reason":"r","password":["{{Canary}}"]}""")).Body);
        answers.Add((await Rig.SendAsync(HttpMethod.Put, "/v1/targets/billing", Administrator, $$"""{"settings":{"protocol":"postgres","address":"db:1","user":"x"},"reason":"r","passwort":"{{Canary}}"}""")).Body);
        Assert.All(answers, answer => Assert.DoesNotContain(Canary, answer, StringComparison.Ordinal));
        Assert.All(Rig.Audit.Kept, audit => Assert.DoesNotContain(audit.Changes!.Values, change => $"{change}".Contains(Canary, StringComparison.Ordinal)));
        Assert.Equal(["target.created", "target.changed"], Rig.Audit.Kept.Select(audit => audit.Type));
        Assert.Contains("db2:5432", Rig.Audit.Kept[1].Changes!["settings"].After, StringComparison.Ordinal);

        Assert.Equal(HttpStatusCode.OK, (await Rig.SendAsync(HttpMethod.Delete, "/v1/targets/billing?reason=old", Administrator)).Status);
        Assert.Null(_house.Targets.Find("billing", "postgres"));
    }

    [Fact]
    public async Task The_configuration_s_targets_are_not_changed_here()
    {
        string answer = await PutAsync("shop", new { protocol = "postgres", address = "evil:5432", user = "app" }, "x", HttpStatusCode.Conflict);
        Assert.Equal("target-configured", AdminRig.Word(answer));
        Assert.Equal(HttpStatusCode.NotFound, (await Rig.SendAsync(HttpMethod.Delete, "/v1/targets/shop?reason=x", Administrator)).Status);
        Assert.Equal("db.internal", _house.Targets.Configured.Single().Config.Host);
    }

    [Theory]
    [InlineData("password-missing", "new", "db:5432", null)]
    [InlineData("password-unfit", "new", "db:5432", "")]
    [InlineData("target-unfit", "new", "db", "x")]
    [InlineData("target-unfit", "new", "db:5432\"\ncredential:\n  user: root", "x")]
    [InlineData("target-unfit", "a b", "db:5432", "x")]
    public async Task What_is_wrong_is_refused_and_nothing_kept(string word, string name, string address, string? password)
    {
        string answer = await PutAsync(name, new { protocol = "postgres", address, user = "app" }, password, HttpStatusCode.BadRequest);
        Assert.Equal(word, AdminRig.Word(answer));
        Assert.Empty(Rig.Audit.Kept);
        Assert.Null(_house.Targets.Find(name, "postgres"));
    }

    [Fact]
    public async Task Authorities_are_certificates_and_never_the_name_of_a_file()
    {
        string pem = TestCertificates.Authority("ours").ExportCertificatePem();
        await PutAsync("billing", new { protocol = "postgres", address = "db:5432", user = "app", tls = new { mode = "verify-ca", ca = pem } }, "x", HttpStatusCode.OK);
        Assert.Single(_house.Targets.Find("billing", "postgres")!.Tls!.CertificateChainPolicy!.CustomTrustStore);
        string answer = await PutAsync("other", new { protocol = "postgres", address = "db:5432", user = "app", tls = new { ca = "/etc/passwd" } }, "x", HttpStatusCode.BadRequest);
        Assert.Equal("target-unfit", AdminRig.Word(answer));
    }

    /// <summary>Where the target gets the secret itself, an administrator could have it sent to a server of their own.</summary>
    [Theory]
    [InlineData("kubernetes bearer", "ssh password evil:22")]
    [InlineData("kubernetes bearer", "ssh password")]
    [InlineData("kubernetes bearer", "http bearer")]
    [InlineData("kubernetes bearer", "kubernetes basic")]
    [InlineData("kubernetes bearer", "kubernetes bearer evil:443")]
    [InlineData("kubernetes bearer", "postgres plain evil:5432")]
    [InlineData("kubernetes bearer", "postgres cleartext evil:5432")]
    [InlineData("ssh password", "ssh password evil:22")]
    [InlineData("ssh password", "ssh password pinned")]
    [InlineData("ssh password pinned", "ssh password")]
    [InlineData("ssh password", "ssh private-key")]
    [InlineData("ssh private-key", "ssh password")]
    [InlineData("ssh private-key", "postgres plain")]
    [InlineData("ssh mint", "ssh password")]
    [InlineData("postgres plain", "postgres cleartext evil:5432")]
    [InlineData("postgres plain", "postgres cleartext")]
    [InlineData("postgres cleartext", "postgres cleartext evil:5432")]
    [InlineData("postgres cleartext", "postgres plain evil:5432")]
    [InlineData("postgres md5", "postgres md5 evil:5432")]
    [InlineData("postgres plain", "http basic evil:443")]
    public async Task A_secret_that_is_kept_goes_nowhere_else(string was, string now)
    {
        await PutAsync("billing", Form(was), was == "ssh mint" ? null : Canary, HttpStatusCode.OK);
        string answer = await PutAsync("billing", Form(now), null, HttpStatusCode.BadRequest);
        Assert.Equal("password-missing", AdminRig.Word(answer));
        await PutAsync("billing", Form(now), Canary, HttpStatusCode.OK);
    }

    [Theory]
    [InlineData("kubernetes bearer", "kubernetes bearer")]
    [InlineData("ssh password pinned", "ssh password pinned")]
    [InlineData("ssh private-key", "ssh private-key evil:22")]
    [InlineData("ssh private-key", "ssh mint")]
    [InlineData("postgres plain", "postgres plain evil:5432")]
    [InlineData("postgres cleartext", "postgres cleartext")]
    [InlineData("postgres cleartext", "postgres plain")]
    public async Task A_secret_stays_where_it_does_as_it_did(string was, string now)
    {
        await PutAsync("billing", Form(was), Canary, HttpStatusCode.OK);
        await PutAsync("billing", Form(now), null, HttpStatusCode.OK);
    }

    [Theory]
    [InlineData("Billing", null)]
    [InlineData("other", "billing.gate.example")]
    [InlineData("other", "PAY.example")]
    public async Task A_host_that_leads_to_a_target_leads_to_no_other(string name, string? host)
    {
        await PutAsync("billing", new { protocol = "http", address = "server:443", hosts = new[] { "pay.example" } }, Canary, HttpStatusCode.OK);
        string answer = await PutAsync(name, new { protocol = "http", address = "evil:443", hosts = host is null ? [] : new[] { host } }, "x", HttpStatusCode.Conflict);
        Assert.Equal("host-taken", AdminRig.Word(answer));
        await PutAsync("billing", new { protocol = "http", address = "server:443", hosts = new[] { "pay.example", "billing.example" } }, null, HttpStatusCode.OK);
    }

    /// <summary>Settings in a line: protocol, kind, and what else: an address, or that there is a pin.</summary>
    private static object Form(string line)
    {
        string[] words = line.Split(' ');
        string[] rest = words[2..];
        string address = rest.FirstOrDefault(word => word.Contains(':', StringComparison.Ordinal)) ?? "server:4711";
        var form = new Dictionary<string, object> { ["protocol"] = words[0], ["address"] = address };
        if (words[0] == "postgres" || words[1] == "basic")
            form["user"] = "app";
        if (words[0] != "postgres")
            form["credentialKind"] = words[1];
        if (words[1] is "cleartext" or "md5")
            form["weakLogins"] = new[] { words[1] };
        if (rest.Contains("pinned"))
            form["hostPins"] = new[] { "SHA256:" + new string('A', 43) };
        return form;
    }

    private async Task<string> PutAsync(string name, object settings, string? password, HttpStatusCode expected)
    {
        (HttpStatusCode status, string body) = await Rig.SendAsync(HttpMethod.Put, $"/v1/targets/{Uri.EscapeDataString(name)}", Administrator, new { settings, reason = "because", password });
        Assert.True(expected == status, $"{status} {body}");
        return body;
    }
}
