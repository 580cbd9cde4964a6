using System.Net;
using System.Text.Json.Nodes;
using Sallyport.Contract;
using Sallyport.Proxy.Identity;
using Sallyport.Proxy.Tests.Support;
using Xunit;

namespace Sallyport.Proxy.Tests.Identity;

public sealed class TokenLoginTests : IDisposable
{
    private readonly TestIssuer _issuer = TestIssuer.Shared;
    private readonly FakeTime _time = new();
    private readonly Logs _logs = new();

    private IssuerRules Rules { get; set; } = new() { Name = "corp", Issuer = TestIssuer.Address, Audiences = [TestIssuer.Audience] };

    private JsonObject Claims => TestIssuer.Claims(_time.Now);

    public void Dispose() => _logs.Dispose();

    [Theory]
    [InlineData("RS256", "rsa-1")]
    [InlineData("PS256", "rsa-1")]
    [InlineData("ES256", "ec-1")]
    public async Task A_good_token_gives_the_identity_it_names(string alg, string kid)
    {
        JsonObject claims = Claims;
        claims["kind"] = "agent";
        claims["acting_for"] = new JsonArray("bob", "carol");
        LoginResult result = await LoginAsync(_issuer.Sign(TestIssuer.Header(alg, kid), claims));

        Assert.Null(result.Refusal);
        Contract.Identity identity = result.Identity!;
        Assert.Equal("alice", identity.Subject);
        Assert.Equal(["engineers", "on-call"], identity.Groups.AsEnumerable());
        Assert.Equal(IdentityKind.Agent, identity.Kind);
        Assert.Equal(["bob", "carol"], identity.ActingFor.AsEnumerable());
        Assert.Equal(TestIssuer.Address, identity.Issuer);
        Assert.Equal("token-1", identity.TokenId);
        Assert.Equal(DateTimeOffset.FromUnixTimeSeconds(Claims["exp"]!.GetValue<long>()) + Rules.ClockSkew, identity.ExpiresAt);
    }

    public static TheoryData<string, string> BadHeaders => new()
    {
        { """{"alg":"none"}""", Refusals.Algorithm },
        { """{"alg":"None"}""", Refusals.Algorithm },
        { """{"alg":"HS256","kid":"rsa-1"}""", Refusals.Algorithm },
        { """{"alg":"HS512","kid":"rsa-1"}""", Refusals.Algorithm },
        { """{"alg":"RS384","kid":"rsa-1"}""", Refusals.Algorithm },
        { """{"alg":"rs256","kid":"rsa-1"}""", Refusals.Algorithm },
        { """{"alg":"ES256","kid":"rsa-1"}""", Refusals.KeyUnknown },
        { """{"kid":"rsa-1"}""", Refusals.Malformed },
        { """{"alg":7}""", Refusals.Malformed },
        { """{"alg":"RS256","jwk":{"kty":"RSA","n":"AQAB","e":"AQAB"}}""", Refusals.EmbeddedKey },
        { """{"alg":"RS256","jku":"https://evil.example/keys"}""", Refusals.EmbeddedKey },
        { """{"alg":"RS256","x5u":"https://evil.example/cert"}""", Refusals.EmbeddedKey },
        { """{"alg":"RS256","x5c":["AAAA"]}""", Refusals.EmbeddedKey },
        { """{"alg":"RS256","crit":["exp"]}""", Refusals.Critical },
        { """{"alg":"RS256","crit":[]}""", Refusals.Critical },
        { """{"alg":"RS256","typ":"logout+jwt"}""", Refusals.Type },
        { """{"alg":"RS256","typ":"dpop+jwt"}""", Refusals.Type },
        { """{"alg":"RS256","typ":1}""", Refusals.Type },
        { """{"alg":"RS256","kid":"../../etc/passwd"}""", Refusals.KeyUnknown },
        { """{"alg":"RS256","kid":"rsa-1' OR '1'='1"}""", Refusals.KeyUnknown },
        { """{"alg":"RS256","kid":["rsa-1"]}""", Refusals.Malformed },
        { """{"alg":"RS256","kid":""}""", Refusals.Malformed },
        { """{"alg":"RS256","alg":"none"}""", Refusals.Malformed },
        { """{"alg":"RS256","kid":"\ud800"}""", Refusals.Malformed },
        { """["RS256"]""", Refusals.Malformed },
        { "not json", Refusals.Malformed },
    };

    [Theory]
    [MemberData(nameof(BadHeaders))]
    public async Task A_header_that_chooses_how_to_verify_is_refused(string header, string word)
    {
        // Signed with the right key whenever there is one: only the header is wrong.
        string alg = header.Contains("HS256", StringComparison.Ordinal) ? "HS256" : header.Contains("none", StringComparison.OrdinalIgnoreCase) ? "none" : "RS256";
        await AssertRefusedAsync(_issuer.Sign(header, Claims.ToJsonString(), alg), word);
    }

    public static TheoryData<string, string> BadClaims => new()
    {
        { """{"iss":"https://issuer.example/"}""", Refusals.Issuer },
        { """{"iss":"https://evil.example"}""", Refusals.Issuer },
        { """{"iss":null}""", Refusals.Issuer },
        { """{"iss":["https://issuer.example"]}""", Refusals.Issuer },
        { """{"aud":"another"}""", Refusals.Audience },
        { """{"aud":[]}""", Refusals.Audience },
        { """{"aud":["another","sallyport "]}""", Refusals.Audience },
        { """{"exp":1}""", Refusals.Expired },
        { """{"exp":"9999999999"}""", Refusals.Claims },
        { """{"exp":1e300}""", Refusals.Malformed },
        { """{"exp":-1}""", Refusals.Claims },
        { """{"nbf":9999999999}""", Refusals.NotYetValid },
        { """{"iat":9999999999}""", Refusals.NotYetValid },
        { """{"sub":""}""", Refusals.Claims },
        { """{"sub":7}""", Refusals.Claims },
        { """{"sub":"a\u0000b"}""", Refusals.Claims },
        { """{"sub":"a\u202eb"}""", Refusals.Claims },
        { """{"groups":{"admin":true}}""", Refusals.Claims },
        { """{"groups":["a",7]}""", Refusals.Claims },
        { """{"groups":[""]}""", Refusals.Claims },
        { """{"kind":"root"}""", Refusals.Claims },
        { """{"kind":0}""", Refusals.Claims },
        { """{"acting_for":["1","2","3","4","5","6","7","8","9"]}""", Refusals.Claims },
        { """{"cnf":{"jkt":"x"}}""", Refusals.Bound },
        { """{"act":{"sub":"agent"}}""", Refusals.Delegated },
    };

    [Theory]
    [MemberData(nameof(BadClaims))]
    public async Task A_signed_token_with_wrong_claims_is_refused(string changed, string word)
    {
        JsonObject claims = Claims;
        foreach ((string name, JsonNode? value) in JsonNode.Parse(changed)!.AsObject())
            claims[name] = value?.DeepClone();
        await AssertRefusedAsync(_issuer.Sign(TestIssuer.Header(), claims), word);
    }

    [Theory]
    [InlineData("exp", Refusals.NoExpiry)]
    [InlineData("sub", Refusals.Claims)]
    [InlineData("iss", Refusals.Issuer)]
    [InlineData("aud", Refusals.Audience)]
    public async Task A_missing_claim_is_refused(string claim, string word)
    {
        JsonObject claims = Claims;
        claims.Remove(claim);
        await AssertRefusedAsync(_issuer.Sign(TestIssuer.Header(), claims), word);
    }

    [Fact]
    public async Task Half_a_surrogate_pair_in_a_claim_is_refused()
    {
        string half = Claims.ToJsonString().Replace("alice", "a\\udc00b", StringComparison.Ordinal);
        await AssertRefusedAsync(_issuer.Sign(TestIssuer.Header().ToJsonString(), half), Refusals.Malformed);
    }

    [Fact]
    public async Task A_claim_twice_is_refused()
    {
        string twice = Claims.ToJsonString().Replace("\"sub\":\"alice\"", "\"sub\":\"alice\",\"sub\":\"root\"", StringComparison.Ordinal);
        await AssertRefusedAsync(_issuer.Sign(TestIssuer.Header().ToJsonString(), twice), Refusals.Malformed);
    }

    [Fact]
    public async Task A_foreign_signature_is_refused()
    {
        using var stranger = new TestIssuer();
        await AssertRefusedAsync(stranger.Sign(TestIssuer.Header(), Claims), Refusals.Signature);
    }

    [Fact]
    public async Task A_token_whose_claims_were_changed_is_refused()
    {
        string[] good = _issuer.Sign(TestIssuer.Header(), Claims).Split('.');
        JsonObject claims = Claims;
        claims["sub"] = "root";
        string[] other = _issuer.Sign(TestIssuer.Header(), claims).Split('.');
        await AssertRefusedAsync($"{good[0]}.{other[1]}.{good[2]}", Refusals.Signature);
        await AssertRefusedAsync($"{good[0]}.{good[1]}.", Refusals.Signature);
    }

    [Fact]
    public async Task What_is_no_token_is_refused()
    {
        string good = _issuer.Sign(TestIssuer.Header(), Claims);
        await AssertRefusedAsync("", Refusals.Missing);
        await AssertRefusedAsync("hunter2", Refusals.Malformed);
        await AssertRefusedAsync("..", Refusals.Malformed);
        await AssertRefusedAsync(string.Join('.', good.Split('.').Take(2)), Refusals.Malformed);
        await AssertRefusedAsync(good + ".x", Refusals.Malformed);
        await AssertRefusedAsync(good + ".x.y", Refusals.Malformed); // a JWE has five parts
        await AssertRefusedAsync(good + " ", Refusals.Malformed);
        await AssertRefusedAsync(good + "=", Refusals.Malformed);
        await AssertRefusedAsync(good + "\0", Refusals.Malformed);
        await AssertRefusedAsync(good.Replace('.', ','), Refusals.Malformed);
        await AssertRefusedAsync(new string('a', TokenParts.LongestToken + 1), Refusals.TooLarge);
        await AssertRefusedAsync(new string('[', TokenParts.LongestToken), Refusals.Malformed);
    }

    [Fact]
    public async Task A_deeply_nested_payload_is_refused()
    {
        string nested = string.Concat(Enumerable.Repeat("{\"a\":", 3000)) + "1" + new string('}', 3000);
        await AssertRefusedAsync(_issuer.Sign(TestIssuer.Header().ToJsonString(), nested), Refusals.TooLarge);
        nested = string.Concat(Enumerable.Repeat("{\"a\":", 100)) + "1" + new string('}', 100);
        await AssertRefusedAsync(_issuer.Sign(TestIssuer.Header().ToJsonString(), nested), Refusals.Malformed);
    }

    [Theory]
    [InlineData("JWT")]
    [InlineData("jwt")]
    [InlineData("at+jwt")]
    [InlineData("application/at+jwt")]
    [InlineData(null)]
    public async Task Access_token_types_are_taken(string? typ) =>
        Assert.Null((await LoginAsync(_issuer.Sign(TestIssuer.Header(typ: typ), Claims))).Refusal);

    [Fact]
    public async Task Times_are_taken_with_the_clock_skew_and_not_beyond()
    {
        string token = _issuer.Sign(TestIssuer.Header(), Claims);
        DateTimeOffset issued = _time.Now;
        TokenLogin login = Login();
        _time.Now = issued - Rules.ClockSkew;
        Assert.Null((await LoginAsync(login, token)).Refusal);
        _time.Now = issued.AddMinutes(10) + Rules.ClockSkew - TimeSpan.FromSeconds(2);
        Assert.Null((await LoginAsync(login, token)).Refusal);

        // The verified token is remembered by now, and still expires.
        _time.Now = issued.AddMinutes(10) + Rules.ClockSkew;
        Assert.Equal(Refusals.Expired, (await LoginAsync(login, token)).Refusal);
        _time.Now = issued - Rules.ClockSkew - TimeSpan.FromSeconds(2);
        Assert.Equal(Refusals.NotYetValid, (await LoginAsync(Login(), token)).Refusal);
    }

    [Fact]
    public async Task An_issuer_may_use_only_the_algorithms_it_is_allowed()
    {
        Rules = Rules with { Algorithms = ["ES256"] };
        await AssertRefusedAsync(_issuer.Sign(TestIssuer.Header(), Claims), Refusals.Algorithm);
        Assert.Null((await LoginAsync(_issuer.Sign(TestIssuer.Header("ES256", "ec-1"), Claims))).Refusal);
    }

    [Fact]
    public async Task A_lifetime_over_the_bound_is_refused_also_when_the_token_hides_its_start()
    {
        Rules = Rules with { LongestLifetime = TimeSpan.FromMinutes(9) };
        await AssertRefusedAsync(_issuer.Sign(TestIssuer.Header(), Claims), Refusals.LifetimeTooLong);
        JsonObject hidden = Claims;
        hidden.Remove("iat");
        hidden.Remove("nbf");
        await AssertRefusedAsync(_issuer.Sign(TestIssuer.Header(), hidden), Refusals.LifetimeTooLong);
    }

    [Fact]
    public async Task Only_listed_parties_are_let_in_when_there_is_a_list()
    {
        Rules = Rules with { Parties = ["psql-helper"] };
        await AssertRefusedAsync(_issuer.Sign(TestIssuer.Header(), Claims), Refusals.Party);
        JsonObject claims = Claims;
        claims["azp"] = "other";
        claims["client_id"] = "psql-helper";
        await AssertRefusedAsync(_issuer.Sign(TestIssuer.Header(), claims), Refusals.Party);
        claims["azp"] = "psql-helper";
        Assert.Null((await LoginAsync(_issuer.Sign(TestIssuer.Header(), claims))).Refusal);
    }

    [Fact]
    public async Task Claims_are_read_where_the_configuration_says()
    {
        Rules = Rules with { Claims = new ClaimNames { Subject = "email", Groups = "roles" }, DefaultKind = IdentityKind.Service };
        JsonObject claims = Claims;
        claims["email"] = "ci@example.com";
        claims["roles"] = "deployers";
        Contract.Identity identity = (await LoginAsync(_issuer.Sign(TestIssuer.Header(), claims))).Identity!;
        Assert.Equal("ci@example.com", identity.Subject);
        Assert.Equal(["deployers"], identity.Groups.AsEnumerable());
        Assert.Equal(IdentityKind.Service, identity.Kind);
    }

    [Fact]
    public async Task A_failure_of_our_own_is_a_refusal_and_nothing_of_the_token_is_logged()
    {
        string token = _issuer.Sign(TestIssuer.Header(), Claims);
        var login = new TokenLogin([new Issuer(Rules, new BrokenKeys())], _time, _logs.Log);
        Assert.Equal(Refusals.Internal, (await LoginAsync(login, token)).Refusal);
        string log = _logs.Text();
        Assert.Contains("login-failed exception=System.NotSupportedException", log, StringComparison.Ordinal);
        Assert.DoesNotContain("alice", log, StringComparison.Ordinal);
        Assert.All(token.Split('.'), part => Assert.DoesNotContain(part, log, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_reload_with_other_keys_forgets_verified_tokens()
    {
        string token = _issuer.Sign(TestIssuer.Header(), Claims);
        TokenLogin login = Login();
        Assert.Null((await LoginAsync(login, token)).Refusal);
        using var other = new TestIssuer();
        login.Replace([new Issuer(Rules, new FixedKeys(KeySet.Parse(other.Jwks)))]);
        Assert.Equal(Refusals.Signature, (await LoginAsync(login, token)).Refusal);
    }

    [Fact]
    public async Task A_verified_token_is_verified_again_once_the_issuer_has_other_keys()
    {
        string token = _issuer.Sign(TestIssuer.Header(), Claims);
        using var other = new TestIssuer();
        var keys = new SwitchedKeys(KeySet.Parse(_issuer.Jwks));
        var login = new TokenLogin([new Issuer(Rules, keys)], _time, _logs.Log);
        Assert.Null((await LoginAsync(login, token)).Refusal);
        keys.Set = KeySet.Parse(other.Jwks);
        Assert.Equal(Refusals.Signature, (await LoginAsync(login, token)).Refusal);
    }

    [Fact]
    public void The_cache_is_bounded_and_keeps_the_latest()
    {
        var cache = new LoginCache(generation: 10);
        var entry = new LoginCache.Entry(
            new Contract.Identity { Subject = "a", Issuer = "i", ExpiresAt = _time.Now }, new Issuer(Rules, new FixedKeys(KeySet.Parse(_issuer.Jwks))), KeySet.Parse(_issuer.Jwks));
        for (int i = 0; i < 1000; i++)
            cache.Add(LoginCache.KeyOf($"{i}"), entry);
        Assert.InRange(cache.Count, 10, 20);
        Assert.NotNull(cache.Find(LoginCache.KeyOf("999")));
        Assert.Null(cache.Find(LoginCache.KeyOf("1")));
    }

    private async Task AssertRefusedAsync(string token, string word)
    {
        LoginResult result = await LoginAsync(token);
        Assert.Equal(word, result.Refusal);
        Assert.Null(result.Identity);
    }

    private ValueTask<LoginResult> LoginAsync(string token) => LoginAsync(Login(), token);

    private static ValueTask<LoginResult> LoginAsync(TokenLogin login, string token) =>
        login.LoginAsync(new LoginProof(token, "somebody", new IPEndPoint(IPAddress.Loopback, 1)), default);

    private TokenLogin Login() => new([new Issuer(Rules, new FixedKeys(KeySet.Parse(_issuer.Jwks)))], _time, _logs.Log);

    private sealed class SwitchedKeys(KeySet set) : IKeySource
    {
        public KeySet Set { get; set; } = set;

        public ValueTask<KeySet?> GetAsync(CancellationToken cancel) => new(Set);

        public ValueTask<KeySet?> LookAgainAsync(CancellationToken cancel) => new(Set);
    }

    private sealed class BrokenKeys : IKeySource
    {
        public ValueTask<KeySet?> GetAsync(CancellationToken cancel) => throw new NotSupportedException("alice");

        public ValueTask<KeySet?> LookAgainAsync(CancellationToken cancel) => throw new NotSupportedException("alice");
    }
}
