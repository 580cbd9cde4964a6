using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;
using Sallyport.Proxy.Approvals;
using Sallyport.Proxy.Approvals.Webhooks;
using Sallyport.Proxy.Configuration;
using Sallyport.Proxy.Store.Entities;
using Sallyport.Proxy.Tests.Support;
using Xunit;

namespace Sallyport.Proxy.Tests.Approvals;

/// <summary>What webhooks are told, and that it comes from here, once, and goes nowhere else.</summary>
public sealed class WebhookTests
{
    private const string Hostile = "DELETE /* <!channel> <https://evil.example|click> **[x](https://evil.example)** & \"q\" */ FROM orders";

    [Fact]
    public async Task A_message_is_signed_and_sent_once_however_many_nodes_look()
    {
        await using Rig rig = await Rig.StartAsync();
        ApprovalRig.Waiting waiting = await rig.HoldAsync();
        int[] tried = await Task.WhenAll(rig.Queue.DeliverDueAsync(rig.Webhook, default), rig.OtherNode.DeliverDueAsync(rig.Webhook, default));
        Assert.Equal(1, tried.Sum());
        (string path, string body, string? signature) = Assert.Single(rig.Receiver.Got);
        Assert.Equal("/hook", path);
        JsonNode message = JsonNode.Parse(body)!;
        Assert.Equal("approval.requested", (string?)message["event"]);
        Assert.Equal($"https://sallyport.example/approvals/{waiting.Id}", (string?)message["url"]);
        Assert.Equal("alice", (string?)message["subject"]);
        Assert.Null(message["text"]);
        Assert.DoesNotContain("evil", body, StringComparison.Ordinal);

        string[] parts = signature!.Split(',');
        string seconds = parts[0]["t=".Length..];
        Assert.Equal(rig.Approvals.Time.Now.ToUnixTimeSeconds(), long.Parse(seconds, CultureInfo.InvariantCulture));
        byte[] mac = HMACSHA256.HashData(Encoding.UTF8.GetBytes("s3cret-of-the-hook"), Encoding.UTF8.GetBytes($"{seconds}.{body}"));
        Assert.Equal($"v1={Convert.ToHexStringLower(mac)}", parts[1]);
        Assert.Equal(0, await rig.Queue.DeliverDueAsync(rig.Webhook, default));
        await waiting.WithdrawAsync();
    }

    [Fact]
    public async Task What_is_not_taken_is_sent_again_later_and_later_and_then_given_up()
    {
        await using Rig rig = await Rig.StartAsync();
        await (await rig.HoldAsync()).WithdrawAsync();
        await rig.DropAllButAsync(1);
        rig.Receiver.Answer = context =>
        {
            context.Response.StatusCode = 500;
            return Task.CompletedTask;
        };
        for (int attempt = 1; attempt <= WebhookQueue.Attempts; attempt++)
        {
            Assert.Equal(1, await rig.Queue.DeliverDueAsync(rig.Webhook, default));
            Assert.Equal(0, await rig.Queue.DeliverDueAsync(rig.Webhook, default));
            DeliveryRow row = await rig.RowAsync();
            Assert.Equal(attempt, row.Attempts);
            Assert.Equal("status 500", row.LastError);
            Assert.Equal(attempt == WebhookQueue.Attempts, row.DoneAt is not null);
            TimeSpan wait = WebhookQueue.Wait(attempt);
            Assert.InRange(wait, TimeSpan.FromSeconds(5), TimeSpan.FromHours(1));
            rig.Approvals.Time.Now += wait;
        }

        Assert.Equal(0, await rig.Queue.DeliverDueAsync(rig.Webhook, default));
    }

    [Fact]
    public async Task A_redirect_leads_nowhere()
    {
        await using Rig rig = await Rig.StartAsync();
        await using Receiver elsewhere = await Receiver.StartAsync();
        rig.Receiver.Answer = context =>
        {
            context.Response.StatusCode = 307;
            context.Response.Headers.Location = elsewhere.Address.AbsoluteUri;
            return Task.CompletedTask;
        };
        await (await rig.HoldAsync()).WithdrawAsync();
        await rig.DropAllButAsync(1);
        await rig.Queue.DeliverDueAsync(rig.Webhook, default);
        Assert.Empty(elsewhere.Got);
        Assert.Equal("status 307: redirects are not followed", (await rig.RowAsync()).LastError);
    }

    [Fact]
    public async Task A_receiver_that_does_not_answer_is_not_waited_for()
    {
        await using Rig rig = await Rig.StartAsync(TimeSpan.FromMilliseconds(300));
        var never = new TaskCompletionSource();
        rig.Receiver.Answer = context => never.Task.WaitAsync(context.RequestAborted);
        await (await rig.HoldAsync()).WithdrawAsync();
        await rig.DropAllButAsync(1);
        await rig.Queue.DeliverDueAsync(rig.Webhook, default).WaitAsync(TimeSpan.FromSeconds(20));
        Assert.StartsWith("no answer within", (await rig.RowAsync()).LastError, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_endless_answer_is_not_read()
    {
        await using Rig rig = await Rig.StartAsync();
        rig.Receiver.Answer = async context =>
        {
            byte[] chunk = new byte[65536];
            while (!context.RequestAborted.IsCancellationRequested)
                await context.Response.Body.WriteAsync(chunk, context.RequestAborted);
        };
        await (await rig.HoldAsync()).WithdrawAsync();
        await rig.DropAllButAsync(1);
        await rig.Queue.DeliverDueAsync(rig.Webhook, default).WaitAsync(TimeSpan.FromSeconds(20));
        Assert.NotNull((await rig.RowAsync()).DoneAt);
    }

    [Theory]
    [InlineData(WebhookFormat.Slack)]
    [InlineData(WebhookFormat.Teams)]
    [InlineData(WebhookFormat.Json)]
    public async Task What_clients_say_is_no_markup(object asFormat)
    {
        var format = (WebhookFormat)asFormat;
        await using Rig rig = await Rig.StartAsync(format: format, text: true);
        ApprovalRig.Waiting waiting = await rig.HoldAsync();
        await rig.Queue.DeliverDueAsync(rig.Webhook, default);
        JsonNode body = JsonNode.Parse(Assert.Single(rig.Receiver.Got).Body)!;
        switch (format)
        {
            case WebhookFormat.Slack:
                string[] texts = [.. All(body).Where(pair => pair.Key == "text" && pair.Value is JsonValue).Select(pair => (string)pair.Value!)];
                Assert.Contains(texts, t => t.Contains("&lt;!channel&gt;", StringComparison.Ordinal));
                Assert.All(texts, t => Assert.False(t.Contains('<') || t.Contains('>'), t));
                Assert.DoesNotContain(All(body), pair => pair.Key == "type" && (string?)pair.Value! == "mrkdwn");
                break;
            case WebhookFormat.Teams:
                // Only a TextBlock reads Markdown, and there is one: the title.
                JsonObject block = Assert.Single(Objects(body), o => (string?)o["type"] == "TextBlock");
                Assert.Equal("An action waits for approval", (string?)block["text"]);
                Assert.Contains(Objects(body), o => (string?)o["type"] == "TextRun" && (string?)o["text"] == Hostile);
                break;
            default:
                Assert.Equal(Hostile, (string?)body["text"]);
                break;
        }

        await waiting.WithdrawAsync();
    }

    [Fact]
    public async Task Only_what_is_wanted_is_told_and_so_much_waits()
    {
        await using Rig rig = await Rig.StartAsync(events: [WebhookEvents.Withdrawn]);
        ApprovalRig.Waiting waiting = await rig.HoldAsync();
        Assert.Equal(0, await rig.Queue.DeliverDueAsync(rig.Webhook, default));
        await waiting.WithdrawAsync();
        Assert.Equal(1, await rig.Queue.DeliverDueAsync(rig.Webhook, default));
        Assert.Equal("approval.withdrawn", (string?)JsonNode.Parse(rig.Receiver.Got[0].Body)!["event"]);
    }

    [Fact]
    public async Task The_loop_sends_by_itself()
    {
        await using Rig rig = await Rig.StartAsync();
        rig.Queue.Start();
        ApprovalRig.Waiting waiting = await rig.HoldAsync();
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (rig.Receiver.Got.Count == 0)
            await Task.Delay(20, patience.Token);
        await waiting.WithdrawAsync();
    }

    private static IEnumerable<KeyValuePair<string, JsonNode?>> All(JsonNode node) => Objects(node).SelectMany(o => o);

    private static IEnumerable<JsonObject> Objects(JsonNode? node) => node switch
    {
        JsonObject o => o.Select(pair => pair.Value).SelectMany(Objects).Prepend(o),
        JsonArray a => a.SelectMany(Objects),
        _ => [],
    };

    /// <summary>A node whose webhook is a real web server.</summary>
    private sealed class Rig : IAsyncDisposable
    {
        private readonly TemporaryDirectory _directory = new();
        private readonly Logs _logs = new();
        private ApprovalService _service = null!;

        public ApprovalRig Approvals { get; private set; } = null!;

        public Receiver Receiver { get; private set; } = null!;

        public WebhookConfig Webhook { get; private set; } = null!;

        public WebhookQueue Queue { get; private set; } = null!;

        /// <summary>Of another node on the same store.</summary>
        public WebhookQueue OtherNode { get; private set; } = null!;

        public static async Task<Rig> StartAsync(TimeSpan? timeout = null, WebhookFormat format = WebhookFormat.Json, bool text = false, string[]? events = null)
        {
            var rig = new Rig { Approvals = await ApprovalRig.StartAsync(), Receiver = await Receiver.StartAsync() };
            rig._directory.Write("secret", "s3cret-of-the-hook\n");
            rig.Webhook = new WebhookConfig
            {
                Name = "hook",
                Url = rig.Receiver.Address,
                Secret = new SecretReference(SecretSource.File, rig._directory["secret"], default),
                Format = format,
                IncludeText = text,
                Events = [.. events ?? []],
            };
            rig.Queue = rig.NewQueue(timeout);
            rig.OtherNode = rig.NewQueue(timeout);

            // The service does not send: tests do.
            rig._service = await rig.Approvals.ServiceAsync(rig.Approvals.Bus.Join("w"), parts => parts with { Webhooks = rig.NewQueue(timeout, started: false) });
            return rig;
        }

        public Task<ApprovalRig.Waiting> HoldAsync() =>
            Approvals.HoldAsync(Approvals.Session(Approvals.Person("alice")), ApprovalRig.Action(Hostile), _service);

        public Task<DeliveryRow> RowAsync() => Approvals.Store.ReadAsync((db, stop) => db.Deliveries.SingleAsync(stop), default);

        /// <summary>Keeps the first messages only.</summary>
        public Task DropAllButAsync(int count) => Approvals.Store.WriteAsync(
            async (db, stop) =>
            {
                List<Guid> rest = await db.Deliveries.OrderBy(d => d.CreatedAt).ThenBy(d => d.Id).Skip(count).Select(d => d.Id).ToListAsync(stop);
                return await db.Deliveries.Where(d => rest.Contains(d.Id)).ExecuteDeleteAsync(stop);
            },
            default);

        public async ValueTask DisposeAsync()
        {
            await Queue.DisposeAsync();
            await OtherNode.DisposeAsync();
            await Approvals.DisposeAsync();
            await Receiver.DisposeAsync();
            _logs.Dispose();
            _directory.Dispose();
        }

        private WebhookQueue NewQueue(TimeSpan? timeout, bool started = true) => new(
            [Webhook], Approvals.Store, new WebhookSender(Approvals.Time, timeout), id => $"https://sallyport.example/approvals/{id}", Approvals.Time, _logs.Log, started);
    }
}
