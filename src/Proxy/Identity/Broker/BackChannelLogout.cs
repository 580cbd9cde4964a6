using System.Threading.Channels;
using Microsoft.EntityFrameworkCore;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;
using Sallyport.Proxy.Configuration;
using Sallyport.Proxy.Logging;
using Sallyport.Proxy.Store;
using Sallyport.Proxy.Store.Entities;

namespace Sallyport.Proxy.Identity.Broker;

/// <summary>
/// Tells clients that a login has ended (OpenID Connect Back-Channel Logout 1.0): those that asked for it when they were registered. One after
/// the other, each within a time, a few times, from a bounded queue; what a client does not take by then it finds out by its token's end.
/// </summary>
internal sealed class BackChannelLogout : IAsyncDisposable
{
    private const int QueueLength = 1024;
    private const int Attempts = 3;
    private const string EventName = "http://schemas.openid.net/event/backchannel-logout";

    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5);

    private readonly IStateStore _store;
    private readonly BrokerConfig _config;
    private readonly SigningKeys _keys;
    private readonly TimeProvider _time;
    private readonly Log _log;
    private readonly HttpClient _http;
    private readonly Channel<Message> _queue = Channel.CreateBounded<Message>(new BoundedChannelOptions(QueueLength) { SingleReader = true });
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _worker;

    public BackChannelLogout(IStateStore store, BrokerConfig config, SigningKeys keys, TimeProvider time, Log log)
    {
        _store = store;
        _config = config;
        _keys = keys;
        _time = time;
        _log = log;

        // A registered address, and no other that it names.
        _http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, UseProxy = false, ConnectTimeout = Timeout, PooledConnectionLifetime = TimeSpan.FromMinutes(5) }) { Timeout = Timeout };
        _worker = Task.Run(SendAllAsync);
    }

    /// <summary>Notes that a client has tokens of that login and wants to hear of its end.</summary>
    public Task SubscribeAsync(Guid login, string clientId, string address, CancellationToken cancel) =>
        _store.WriteAsync(
            async (state, token) =>
            {
                if (await state.LogoutSubscriptions.AnyAsync(row => row.LoginSessionId == login && row.ClientId == clientId, token).ConfigureAwait(false))
                    return false;
                state.LogoutSubscriptions.Add(new LogoutSubscriptionRow { Id = Guid.CreateVersion7(), LoginSessionId = login, ClientId = clientId, Address = address });
                return true;
            },
            cancel);

    /// <summary>Tells the clients of a login soon that it has ended.</summary>
    public async Task TellAsync(Guid login, string subject, CancellationToken cancel)
    {
        List<LogoutSubscriptionRow> rows = await _store.WriteAsync(
            async (state, token) =>
            {
                List<LogoutSubscriptionRow> found = await state.LogoutSubscriptions.Where(row => row.LoginSessionId == login).ToListAsync(token).ConfigureAwait(false);
                state.LogoutSubscriptions.RemoveRange(found);
                return found;
            },
            cancel).ConfigureAwait(false);
        foreach (LogoutSubscriptionRow row in rows)
        {
            if (!_queue.Writer.TryWrite(new Message(row.ClientId, row.Address, login.ToString("N"), subject)))
                _log.Warning("back-channel-logout-dropped", new LogField("client", row.ClientId));
        }
    }

    public async ValueTask DisposeAsync()
    {
        _queue.Writer.TryComplete();
        await _stop.CancelAsync().ConfigureAwait(false);
        await _worker.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _http.Dispose();
        _stop.Dispose();
    }

    private async Task SendAllAsync()
    {
        await foreach (Message message in _queue.Reader.ReadAllAsync(_stop.Token).ConfigureAwait(false))
        {
            for (int attempt = 1; !await TrySendAsync(message).ConfigureAwait(false); attempt++)
            {
                if (attempt == Attempts)
                {
                    _log.Warning("back-channel-logout-failed", new LogField("client", message.Client));
                    break;
                }

                await Task.Delay(TimeSpan.FromSeconds(attempt), _time, _stop.Token).ConfigureAwait(false);
            }
        }
    }

    private async Task<bool> TrySendAsync(Message message)
    {
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, message.Address);
            request.Content = new FormUrlEncodedContent([new("logout_token", Token(message))]);
            using HttpResponseMessage response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, _stop.Token).ConfigureAwait(false);
            bool taken = response.IsSuccessStatusCode;

            // What follows signs, and must not do so where sockets are polled.
            await Task.Yield();
            return taken;
        }
        catch (Exception failure) when (failure is HttpRequestException or IOException || (failure is OperationCanceledException && !_stop.IsCancellationRequested))
        {
            await Task.Yield();
            return false;
        }
    }

    /// <summary>Back-Channel Logout 1.0 2.4: never a nonce, so that it cannot be taken for an ID token.</summary>
    private string Token(Message message)
    {
        DateTimeOffset now = _time.GetUtcNow();
        return new JsonWebTokenHandler { SetDefaultTimesOnTokenCreation = false }.CreateToken(new SecurityTokenDescriptor
        {
            TokenType = "logout+jwt",
            Issuer = _config.Issuer,
            Audience = message.Client,
            IssuedAt = now.UtcDateTime,
            Expires = now.AddMinutes(2).UtcDateTime,
            Claims = new Dictionary<string, object>
            {
                ["jti"] = Guid.NewGuid().ToString("N"),
                ["sub"] = message.Subject,
                ["sid"] = message.SessionId,
                ["events"] = new Dictionary<string, object> { [EventName] = new Dictionary<string, object>() },
            },
            SigningCredentials = new SigningCredentials(_keys.Ring.Signing[0].Key, SecurityAlgorithms.EcdsaSha256),
        });
    }

    private sealed record Message(string Client, string Address, string SessionId, string Subject);
}
