using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using OtpNet;
using Sallyport.Proxy.Audit;
using Sallyport.Proxy.Cluster;
using Sallyport.Proxy.Configuration;
using Sallyport.Proxy.Identity.Broker;
using Sallyport.Proxy.Identity.Local;
using Sallyport.Proxy.Identity.Pages;
using Sallyport.Proxy.Store;
using Sallyport.Proxy.Store.Entities;
using Sallyport.Proxy.Tests.Support;
using Xunit;

namespace Sallyport.Proxy.Tests.Identity.Broker;

/// <summary>Nodes in one process.</summary>
internal sealed class TestBus : ICluster
{
    private readonly ConcurrentDictionary<Guid, (string Kind, Func<ClusterEvent?, CancellationToken, Task> Handle)> _handlers = new();

    public string Node => "test";

    public ConcurrentQueue<ClusterEvent> Events { get; } = new();

    public async Task PublishAsync(string kind, string payload, CancellationToken cancel)
    {
        var told = new ClusterEvent(kind, payload, Node);
        Events.Enqueue(told);
        foreach ((string wanted, Func<ClusterEvent?, CancellationToken, Task> handle) in _handlers.Values)
        {
            if (wanted == kind)
                await handle(told, cancel);
        }
    }

    public IDisposable Subscribe(string kind, Func<ClusterEvent?, CancellationToken, Task> handle)
    {
        var id = Guid.NewGuid();
        _handlers[id] = (kind, handle);
        return new Leaving(() => _handlers.TryRemove(id, out _));
    }

    private sealed class Leaving(Action leave) : IDisposable
    {
        public void Dispose() => leave();
    }
}

/// <summary>An audit in memory.</summary>
internal sealed class TestAudit : IAudit
{
    public ConcurrentQueue<AuditEvent> Events { get; } = new();

    public ValueTask KeepAsync(AuditEvent audit, CancellationToken cancel)
    {
        Events.Enqueue(audit);
        return default;
    }

    public void Note(AuditEvent audit) => Events.Enqueue(audit);
}

/// <summary>A broker on loopback over SQLite, and what tests do with it again and again.</summary>
internal sealed class BrokerRig : IAsyncDisposable
{
    public const string Password = "correct horse battery";

    private readonly bool _ownsState;
    private readonly Logs _logs = new();

    private BrokerRig(TestState state, TestBus bus, FakeTime time, bool ownsState)
    {
        State = state;
        Bus = bus;
        Time = time;
        _ownsState = ownsState;
    }

    public TestState State { get; }

    public TestBus Bus { get; }

    public FakeTime Time { get; }

    public TestAudit Audit { get; } = new();

    public BrokerConfig Config { get; private set; } = null!;

    public BrokerServer Server { get; private set; } = null!;

    public Browser Anyone { get; private set; } = null!;

    public static async Task<BrokerRig> StartAsync(Func<BrokerConfig, BrokerConfig>? configure = null, Func<BrokerServer, IReadOnlyList<ILoginMethod>>? methods = null)
    {
        var time = new FakeTime();
        return await new BrokerRig(await TestState.OpenAsync(time), new TestBus(), time, ownsState: true).OpenAsync(configure, methods);
    }

    /// <summary>Another node on the same store.</summary>
    public Task<BrokerRig> SecondAsync() => new BrokerRig(State, Bus, Time, ownsState: false).OpenAsync(config => config with { Url = Config.Url }, null);

    public Browser NewBrowser() => new(Server.Address, Config.Url);

    public async ValueTask DisposeAsync()
    {
        await Server.StopAsync(new CancellationToken(true));
        await Server.DisposeAsync();
        Anyone.Dispose();
        if (_ownsState)
            await State.DisposeAsync();
        _logs.Dispose();
    }

    /// <summary>What the log says; closes it.</summary>
    public string LogText() => _logs.Text();

    public async Task<string> InviteAsync(string name, params string[] groups) =>
        new Uri(await Server.Users.InviteAsync(name, null, null, groups, again: false, null, CancellationToken.None)).PathAndQuery;

    /// <summary>Makes a user whose password is <see cref="Password"/>.</summary>
    public async Task AddUserAsync(string name, params string[] groups)
    {
        string invitation = await InviteAsync(name, groups);
        using Browser browser = NewBrowser();
        Page page = await browser.GetAsync(invitation);
        Page set = await browser.SubmitAsync(page, ("password", Password), ("again", Password));
        Check(set);
    }

    /// <summary>Fails with what the page and the log say.</summary>
    public void Check(Page page)
    {
        if (page.Status != HttpStatusCode.OK)
            Assert.Fail($"{page.Status}: {page.Text}\n{LogText()}");
    }

    public async Task<Browser> SignedInAsync(string name)
    {
        Browser browser = NewBrowser();
        Page page = await browser.SubmitAsync(await browser.GetAsync("/sign-in"), ("name", name), ("password", Password));
        Check(page);
        return browser;
    }

    /// <summary>Enrols an authenticator app for a user who is signed in.</summary>
    public async Task<byte[]> EnrolAsync(Browser browser)
    {
        Page page = await browser.GetAsync("/second-factor/new");
        byte[] secret = Base32Encoding.ToBytes(page.Text.Split("<code>")[1].Split("</code>")[0]);
        Page done = await browser.SubmitAsync(page, ("code", CodeOf(secret)));
        Check(done);
        return secret;
    }

    public string CodeOf(byte[] secret) => new Totp(secret).ComputeTotp(Time.Now.UtcDateTime);

    public static string Challenge(string verifier) => Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(verifier)));

    public const string Verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

    public const string Redirect = "http://127.0.0.1:49152/callback";

    public static Dictionary<string, string?> CodeRequest(string scope = "openid offline_access sallyport") => new()
    {
        ["response_type"] = "code",
        ["client_id"] = BrokerClients.CommandLine,
        ["redirect_uri"] = Redirect,
        ["scope"] = scope,
        ["state"] = "s-1",
        ["nonce"] = "n-1",
        ["code_challenge"] = Challenge(Verifier),
        ["code_challenge_method"] = "S256",
    };

    public static string Query(string path, Dictionary<string, string?> query) => Microsoft.AspNetCore.WebUtilities.QueryHelpers.AddQueryString(path, query);

    /// <summary>A code for the command line, by a person who agrees.</summary>
    public async Task<string> CodeAsync(Browser browser, Dictionary<string, string?>? request = null)
    {
        Page agree = await browser.GetAsync(Query("/authorize", request ?? CodeRequest()));
        Assert.True(agree.Status == HttpStatusCode.OK, agree.Text + agree.Location);
        Page answer = await browser.SubmitAsync(agree, ("answer", "yes"));
        Assert.True(answer.Status == HttpStatusCode.Redirect, answer.Text);
        return answer.LocationQuery("code");
    }

    public Task<(HttpStatusCode Status, JsonElement Json)> RedeemAsync(string code) => TokenAsync(
        ("grant_type", "authorization_code"), ("client_id", BrokerClients.CommandLine), ("code", code), ("redirect_uri", Redirect), ("code_verifier", Verifier));

    public async Task<(HttpStatusCode Status, JsonElement Json)> TokenAsync(params (string, string)[] form)
    {
        Page answer = await Anyone.PostAsync("/token", form);
        return (answer.Status, JsonDocument.Parse(answer.Text).RootElement);
    }

    /// <summary>All tokens of a person.</summary>
    public async Task<JsonElement> TokensAsync(Browser browser, string scope = "openid offline_access sallyport")
    {
        (HttpStatusCode status, JsonElement json) = await RedeemAsync(await CodeAsync(browser, CodeRequest(scope)));
        Assert.True(status == HttpStatusCode.OK, json.ToString());
        return json;
    }

    public static JsonElement Claims(string token) => JsonDocument.Parse(Base64Url.DecodeFromChars(token.Split('.')[1])).RootElement;

    public static JsonElement Header(string token) => JsonDocument.Parse(Base64Url.DecodeFromChars(token.Split('.')[0])).RootElement;

    public Task<List<RevocationRow>> RevocationsAsync() => State.Store.ReadAsync((state, token) => state.Revocations.ToListAsync(token), CancellationToken.None);

    public async Task<string> AgentAsync(string name, string owner, params string[] groups) =>
        (await Server.Agents.RegisterAsync(new AgentRegistration(name, Contract.IdentityKind.Agent, owner, "tests", groups, TimeSpan.FromMinutes(10), null), null, CancellationToken.None))!;

    private async Task<BrokerRig> OpenAsync(Func<BrokerConfig, BrokerConfig>? configure, Func<BrokerServer, IReadOnlyList<ILoginMethod>>? methods)
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        var address = (IPEndPoint)probe.LocalEndpoint;
        probe.Stop();
        var config = new BrokerConfig { Address = address, Url = new Uri($"http://127.0.0.1:{address.Port}") };
        Config = configure?.Invoke(config) ?? config;
        Server = new BrokerServer(
            new BrokerDoors
            {
                Config = Config,
                Tls = () => null,
                Store = State.Store,
                Contexts = State.Store.OpenContext,
                Sealer = State.Sealer,
                Cluster = Bus,
                Audit = Audit,
                Time = Time,
                Log = _logs.Log,
            },
            methods);
        await Server.StartAsync(CancellationToken.None);
        Anyone = NewBrowser();
        return this;
    }
}
