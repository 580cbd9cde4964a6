using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Sallyport.Contract;
using Sallyport.Proxy.Cluster;
using Sallyport.Proxy.Configuration;
using Sallyport.Proxy.Identity.Pages;
using Sallyport.Proxy.Store;
using Sallyport.Proxy.Store.Entities;

namespace Sallyport.Proxy.Identity.Broker;

/// <summary>What a waiting client asks a person to confirm.</summary>
internal sealed record PromptFacts(string ClaimedUser, string Source, string Client, string Target)
{
    /// <summary>True when it waits for that person: by subject, e-mail address, or the part of it before the @.</summary>
    public bool IsFor(Person person) =>
        Same(person.Subject) || (person.Email is { Length: > 0 } email && (Same(email) || (email.IndexOf('@', StringComparison.Ordinal) is > 0 and var at && Same(email[..at]))));

    /// <summary>True when it says who that person is in full: no other can be meant.</summary>
    public bool Names(Person person) => Same(person.Subject) || (person.Email is { Length: > 0 } email && Same(email));

    private bool Same(string name) => string.Equals(name, ClaimedUser, StringComparison.OrdinalIgnoreCase);
}

/// <summary>
/// Logs in clients that have nothing to prove themselves by: the client shows an address and a code, a person opens the address on whatever
/// node, and confirms. A prompt is a row, so that nodes share it; it is good once, for one person, for a few minutes.
/// </summary>
internal sealed class PromptDesk : Logins.IPromptDesk, IDisposable
{
    /// <summary>How long a person has.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(3);

    private const string Letters = "BCDFGHJKLMNPQRSTVWXZ";
    private const string Open = "open";
    private const string Confirmed = "confirmed";
    private const string Denied = "denied";
    private const int MostPerSource = 16;
    private const int MostInAll = 1024;

    private readonly IStateStore _store;
    private readonly ICluster _cluster;
    private readonly BrokerConfig _config;
    private readonly Persons _persons;
    private readonly LoginSessions _sessions;
    private readonly TimeProvider _time;
    private readonly IDisposable _subscription;
    private readonly ConcurrentDictionary<string, TaskCompletionSource> _waiting = new(StringComparer.Ordinal);
    private readonly Lock _lock = new();
    private readonly Dictionary<string, int> _bySource = new(StringComparer.Ordinal);
    private int _open;

    public PromptDesk(IStateStore store, ICluster cluster, BrokerConfig config, Persons persons, LoginSessions sessions, TimeProvider time)
    {
        _store = store;
        _cluster = cluster;
        _config = config;
        _persons = persons;
        _sessions = sessions;
        _time = time;
        _subscription = cluster.Subscribe(ClusterEvents.OneTime, HeardAsync);
    }

    /// <summary>Makes a prompt; null: too many are open. <see cref="WaitAsync"/> must follow.</summary>
    public async Task<LoginPrompt?> OpenAsync(LoginAttempt attempt, CancellationToken cancel)
    {
        if (!TryEnter(attempt.Source.Address))
            return null;
        try
        {
            string letters = RandomNumberGenerator.GetString(Letters, 8);
            string code = $"{letters[..4]}-{letters[4..]}";
            DateTimeOffset now = _time.GetUtcNow();
            var facts = new PromptFacts(Cut(attempt.ClaimedUser), attempt.Source.Address.ToString(), Cut(attempt.Client), Cut(attempt.Target));
            await _store.WriteAsync(
                (state, _) =>
                {
                    state.OneTimes.Add(new OneTimeRow { Key = Key(code), Payload = JsonSerializer.SerializeToUtf8Bytes(facts), Status = Open, CreatedAt = now, ExpiresAt = now + Lifetime });
                    return Task.FromResult(true);
                },
                cancel).ConfigureAwait(false);
            _waiting[Key(code)] = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return new LoginPrompt(_config.At("/prompt?code=" + code), code, now + Lifetime);
        }
        catch
        {
            Leave(attempt.Source.Address);
            throw;
        }
    }

    /// <summary>Waits until the person has answered or the time is over; whoever stops waiting withdraws the prompt. Always gives up its place.</summary>
    public async Task<LoginResult> WaitAsync(LoginPrompt prompt, IPAddress source, CancellationToken cancel)
    {
        string key = Key(prompt.Code);
        try
        {
            TaskCompletionSource heard = _waiting.GetValueOrDefault(key) ?? throw new InvalidOperationException("The prompt is not open here.");
            TimeSpan left = prompt.ExpiresAt - _time.GetUtcNow();
            if (left > TimeSpan.Zero)
            {
                Task over = Task.Delay(left, _time, cancel);
                if (await Task.WhenAny(heard.Task, over).ConfigureAwait(false) == over)
                    await over.ConfigureAwait(false);
            }

            return await TakeAsync(key, cancel).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            // Nobody waits any more, so nobody is to be asked, or told that a client is in.
            await TakeAsync(key, CancellationToken.None).ConfigureAwait(false);
            throw;
        }
        finally
        {
            _waiting.TryRemove(key, out _);
            Leave(source);
        }
    }

    /// <summary>What an open prompt asks; null when there is none by that code.</summary>
    public async Task<PromptFacts?> FindAsync(string code, CancellationToken cancel)
    {
        string key = Key(code);
        DateTimeOffset now = _time.GetUtcNow();
        byte[]? payload = await _store.ReadAsync(
            (state, token) => state.OneTimes.Where(row => row.Key == key && row.Status == Open && row.ExpiresAt > now).Select(row => row.Payload).SingleOrDefaultAsync(token),
            cancel).ConfigureAwait(false);
        return payload is null ? null : JsonSerializer.Deserialize<PromptFacts>(payload);
    }

    /// <summary>A person's answer. Once; false when it was too late, or is not theirs to give.</summary>
    public async Task<bool> AnswerAsync(string code, Person person, BrowserLogin login, bool yes, CancellationToken cancel)
    {
        string key = Key(code);
        bool taken = await _store.WriteAsync(
            async (state, token) =>
            {
                DateTimeOffset now = _time.GetUtcNow();
                OneTimeRow? row = await state.OneTimes.SingleOrDefaultAsync(one => one.Key == key && one.Status == Open && one.ExpiresAt > now, token).ConfigureAwait(false);
                if (row?.Payload is null || JsonSerializer.Deserialize<PromptFacts>(row.Payload) is not { } facts || !facts.IsFor(person)
                    || (!facts.Names(person) && await NamesAnotherAsync(state, facts.ClaimedUser, person, token).ConfigureAwait(false)))
                    return false;
                row.Status = yes ? Confirmed : Denied;
                row.Payload = Encoding.UTF8.GetBytes(login.SessionId);
                return true;
            },
            cancel).ConfigureAwait(false);
        if (taken)
            await _cluster.PublishAsync(ClusterEvents.OneTime, JsonSerializer.Serialize(new { key }), cancel).ConfigureAwait(false);
        return taken;
    }

    public void Dispose() => _subscription.Dispose();

    /// <summary>The code however it was typed: dashes, spaces and small letters do not matter. Only its hash is kept.</summary>
    private static string Key(string code)
    {
        string letters = new([.. code.ToUpperInvariant().Where(char.IsAsciiLetter).Take(16)]);
        return "prompt:" + Convert.ToHexString(SHA256.HashData(Encoding.ASCII.GetBytes(letters)));
    }

    private static string Cut(string text) => new([.. text.Where(c => !char.IsControl(c)).Take(128)]);

    /// <summary>
    /// Whether what stands before an @ may mean somebody else: alice@elsewhere.example must not answer for alice, whose client would go on in the name of
    /// the other without a word.
    /// </summary>
    private static Task<bool> NamesAnotherAsync(StateContext state, string claimed, Person person, CancellationToken cancel)
    {
        string name = claimed.ToLowerInvariant(), address = name + "@";
        return state.Users.AnyAsync(user => user.Subject != person.Subject && (user.Subject.ToLower() == name || user.Subject.ToLower().StartsWith(address) || user.Email!.ToLower().StartsWith(address)), cancel);
    }

    /// <summary>Takes the answer, once.</summary>
    private async Task<LoginResult> TakeAsync(string key, CancellationToken cancel)
    {
        (string? status, byte[]? payload) = await _store.WriteAsync(
            async (state, token) =>
            {
                OneTimeRow? row = await state.OneTimes.SingleOrDefaultAsync(one => one.Key == key && one.UsedAt == null, token).ConfigureAwait(false);
                if (row is not null)
                    state.OneTimes.Remove(row);
                return (row?.Status, row?.Payload);
            },
            cancel).ConfigureAwait(false);
        if (status != Confirmed || payload is null)
            return new LoginResult(null, status == Denied ? "prompt-denied" : "prompt-expired");
        BrowserLogin? login = await _sessions.FindAsync(Encoding.UTF8.GetString(payload), cancel).ConfigureAwait(false);
        Person? person = login is null ? null : await _persons.FindAsync(login.Subject, cancel).ConfigureAwait(false);
        return login is null || person is null ? new LoginResult(null, "login-ended") : new LoginResult(
            new Contract.Identity
            {
                Subject = person.Subject,
                Groups = person.Groups,
                Kind = IdentityKind.Human,
                Issuer = _config.Issuer,
                TokenId = "prompt-" + Guid.CreateVersion7().ToString("N"),
                LoginSession = login.SessionId,
                AuthenticatedAt = login.AuthenticatedAt,
                AuthenticationContext = login.AuthenticationContext,
                IssuedAt = _time.GetUtcNow(),
                ExpiresAt = login.ExpiresAt,
            },
            null);
    }

    /// <summary>Somebody answered some prompt, or events may have been missed: then all who wait look for themselves.</summary>
    private async Task HeardAsync(ClusterEvent? told, CancellationToken cancel)
    {
        if (told is not null)
        {
            using JsonDocument payload = JsonDocument.Parse(told.Payload);
            if (payload.RootElement.TryGetProperty("key", out JsonElement key) && key.GetString() is { } name && _waiting.TryGetValue(name, out TaskCompletionSource? one))
                one.TrySetResult();
            return;
        }

        ImmutableArray<string> keys = [.. _waiting.Keys];
        List<string> answered = await _store.ReadAsync((state, token) => state.OneTimes.Where(row => keys.Contains(row.Key) && row.Status != Open).Select(row => row.Key).ToListAsync(token), cancel).ConfigureAwait(false);
        foreach (string key in answered)
        {
            if (_waiting.TryGetValue(key, out TaskCompletionSource? one))
                one.TrySetResult();
        }
    }

    private bool TryEnter(IPAddress source)
    {
        string key = AttemptLimiter.SourceOf(source);
        lock (_lock)
        {
            int count = _bySource.GetValueOrDefault(key);
            if (count >= MostPerSource || _open >= MostInAll)
                return false;
            _bySource[key] = count + 1;
            _open++;
            return true;
        }
    }

    private void Leave(IPAddress source)
    {
        string key = AttemptLimiter.SourceOf(source);
        lock (_lock)
        {
            _open--;
            if (_bySource[key] == 1)
                _bySource.Remove(key);
            else
                _bySource[key]--;
        }
    }
}
