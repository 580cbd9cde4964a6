using System.Net;
using System.Text.Json.Nodes;
using Sallyport.Contract;
using Sallyport.Proxy.Identity;
using Sallyport.Proxy.Tests.Support;
using Xunit;

namespace Sallyport.Proxy.Tests.Identity;

/// <summary>Tokens of CI systems, of Kubernetes, and of issuers that say who acts for whom.</summary>
public sealed class WorkloadTokenTests : IDisposable
{
    private readonly FakeTime _time = new();
    private readonly Logs _logs = new();

    private IssuerRules Rules { get; set; } = new() { Name = "ci", Issuer = TestIssuer.Address, Audiences = [TestIssuer.Audience] };

    public void Dispose() => _logs.Dispose();

    [Fact]
    public async Task A_CI_job_is_named_by_its_repository_and_branch()
    {
        Rules = Rules with
        {
            Claims = new ClaimNames { SubjectTemplate = SubjectTemplate.Parse("repo:{repository}:ref:{ref}") },
            Required = [new RequiredClaim("repository_owner", ["acme"]), new RequiredClaim("ref", ["refs/heads/main", "refs/heads/release"])],
            GroupsAlways = ["ci", "engineers"],
            FixedKind = IdentityKind.Service,
        };
        JsonObject job = Claims("""{"repository":"acme/shop","repository_owner":"acme","ref":"refs/heads/main","kind":"human"}""");
        Contract.Identity identity = (await LoginAsync(job)).Identity!;
        Assert.Equal("repo:acme/shop:ref:refs/heads/main", identity.Subject);
        Assert.Equal(["engineers", "on-call", "ci"], identity.Groups.AsEnumerable());
        Assert.Equal(IdentityKind.Service, identity.Kind);

        job["ref"] = "refs/heads/other";
        Assert.Equal(Refusals.Required, (await LoginAsync(job)).Refusal);
        job["ref"] = "refs/heads/main";
        job["repository_owner"] = "acme ";
        Assert.Equal(Refusals.Required, (await LoginAsync(job)).Refusal);
        job.Remove("repository_owner");
        Assert.Equal(Refusals.Required, (await LoginAsync(job)).Refusal);
    }

    [Fact]
    public async Task A_branch_cannot_be_named_so_that_it_reads_as_another_subject()
    {
        Rules = Rules with { Claims = new ClaimNames { SubjectTemplate = SubjectTemplate.Parse("project:{project_path}:env:{environment}") } };
        Assert.Equal("project:acme/shop:env:prod", (await LoginAsync(Claims("""{"project_path":"acme/shop","environment":"prod"}"""))).Identity!.Subject);
        Assert.Equal(Refusals.Claims, (await LoginAsync(Claims("""{"project_path":"acme/shop:env:prod","environment":"x"}"""))).Refusal);
        Assert.Equal(Refusals.Claims, (await LoginAsync(Claims("""{"project_path":"acme/shop"}"""))).Refusal);
        Assert.Equal(Refusals.Claims, (await LoginAsync(Claims("""{"project_path":"","environment":"prod"}"""))).Refusal);
        Assert.Equal(Refusals.Claims, (await LoginAsync(Claims("""{"project_path":["acme/shop"],"environment":"prod"}"""))).Refusal);
        Assert.Equal(Refusals.Claims, (await LoginAsync(Claims("""{"project_path":"acme\u202eshop","environment":"prod"}"""))).Refusal);
    }

    [Fact]
    public async Task A_Kubernetes_service_account_is_read_from_nested_claims()
    {
        Rules = Rules with
        {
            Claims = new ClaimNames { SubjectTemplate = SubjectTemplate.Parse("k8s:{kubernetes.io/namespace}:{kubernetes.io/serviceaccount/name}") },
            Required = [new RequiredClaim("kubernetes.io/namespace", ["batch"])],
            DefaultKind = IdentityKind.Service,
        };
        const string Bound = """{"kubernetes.io":{"namespace":"batch","serviceaccount":{"name":"reports","uid":"7"},"pod":{"name":"p"}},"sub":"system:serviceaccount:batch:reports"}""";
        Contract.Identity identity = (await LoginAsync(Claims(Bound), typ: null)).Identity!;
        Assert.Equal("k8s:batch:reports", identity.Subject);
        Assert.Equal(IdentityKind.Service, identity.Kind);
        Assert.Equal(Refusals.Required, (await LoginAsync(Claims(Bound.Replace("\"batch\"", "\"other\"", StringComparison.Ordinal)), typ: null)).Refusal);
        Assert.Equal(Refusals.Required, (await LoginAsync(Claims("""{"kubernetes.io":"batch"}"""), typ: null)).Refusal);
    }

    [Fact]
    public async Task A_claim_whose_name_has_slashes_is_found_by_its_whole_name()
    {
        Rules = Rules with { Claims = new ClaimNames { Groups = "https://example.com/groups" } };
        Assert.Equal(["a"], (await LoginAsync(Claims("""{"https://example.com/groups":["a"]}"""))).Identity!.Groups.AsEnumerable());
        Assert.Empty((await LoginAsync(Claims("""{"https:":{"":{"example.com":{"other":["a"]}}}}"""))).Identity!.Groups);
    }

    [Fact]
    public async Task A_required_claim_that_is_a_list_must_have_one_of_the_values()
    {
        Rules = Rules with { Required = [new RequiredClaim("amr", ["mfa", "hwk"])] };
        Assert.Null((await LoginAsync(Claims("""{"amr":["pwd","hwk"]}"""))).Refusal);
        Assert.Equal(Refusals.Required, (await LoginAsync(Claims("""{"amr":["pwd"]}"""))).Refusal);
        Assert.Equal(Refusals.Required, (await LoginAsync(Claims("""{"amr":[{"mfa":true}]}"""))).Refusal);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("plain")]
    [InlineData("{a}{b}")]
    [InlineData("{a")]
    [InlineData("a}{b}")]
    [InlineData("{a}:b}")]
    [InlineData("{a{b}}")]
    public void A_template_that_could_be_read_in_two_ways_is_none(string text) => Assert.Throws<FormatException>(() => SubjectTemplate.Parse(text));

    [Fact]
    public async Task Delegation_says_who_acts_now_and_for_whom()
    {
        Rules = Rules with { Delegation = true };
        Contract.Identity identity = (await LoginAsync(Claims("""{"sub":"pat","kind":"agent","act":{"sub":"coder","act":{"sub":"planner"}}}"""))).Identity!;
        Assert.Equal("coder", identity.Subject);
        Assert.Equal(["planner", "pat"], identity.ActingFor.AsEnumerable());
        Assert.Equal(IdentityKind.Agent, identity.Kind);

        identity = (await LoginAsync(Claims("""{"sub":"pat","act":{"sub":"coder"}}"""))).Identity!;
        Assert.Equal(IdentityKind.Agent, identity.Kind);
        Assert.Equal(["pat"], identity.ActingFor.AsEnumerable());
    }

    [Theory]
    [InlineData("""{"act":{}}""")]
    [InlineData("""{"act":"coder"}""")]
    [InlineData("""{"act":{"sub":7}}""")]
    [InlineData("""{"act":{"sub":""}}""")]
    [InlineData("""{"act":{"sub":"a\u0000"}}""")]
    [InlineData("""{"act":{"sub":"coder","act":null}}""")]
    [InlineData("""{"act":{"sub":"coder","iss":"https://evil.example"}}""")]
    [InlineData("""{"act":{"sub":"coder"},"acting_for":["pat"]}""")]
    public async Task Delegation_that_does_not_say_who_acts_is_refused(string changed)
    {
        Rules = Rules with { Delegation = true };
        Assert.Equal(Refusals.Claims, (await LoginAsync(Claims(changed))).Refusal);
    }

    [Theory]
    [InlineData(8, null)]
    [InlineData(9, Refusals.Claims)]
    public async Task A_chain_of_delegation_has_an_end(int actors, string? word)
    {
        Rules = Rules with { Delegation = true };
        JsonObject? act = null;
        for (int i = 0; i < actors; i++)
        {
            var outer = new JsonObject { ["sub"] = $"a{i}" };
            if (act is not null)
                outer["act"] = act;
            act = outer;
        }

        JsonObject claims = Claims("{}");
        claims["act"] = act;
        LoginResult result = await LoginAsync(claims);
        Assert.Equal(word, result.Refusal);
        Assert.Equal(word is null ? actors : 0, result.Identity?.ActingFor.Length ?? 0);
    }

    [Fact]
    public async Task What_the_issuer_says_of_the_login_is_kept()
    {
        JsonObject claims = Claims("""{"sid":"s-1","acr":"mfa"}""");
        claims["auth_time"] = _time.Now.AddMinutes(-5).ToUnixTimeSeconds();
        Contract.Identity identity = (await LoginAsync(claims)).Identity!;
        Assert.Equal("s-1", identity.LoginSession);
        Assert.Equal("mfa", identity.AuthenticationContext);
        Assert.Equal(_time.Now.AddMinutes(-5), identity.AuthenticatedAt);
        Assert.Equal(_time.Now, identity.IssuedAt);
    }

    [Theory]
    [InlineData("""{"sid":7}""", Refusals.Claims)]
    [InlineData("""{"sid":""}""", Refusals.Claims)]
    [InlineData("""{"acr":["mfa"]}""", Refusals.Claims)]
    [InlineData("""{"auth_time":"now"}""", Refusals.Claims)]
    [InlineData("""{"auth_time":9999999999}""", Refusals.NotYetValid)]
    public async Task What_it_says_wrongly_is_refused(string changed, string word) =>
        Assert.Equal(word, (await LoginAsync(Claims(changed))).Refusal);

    [Theory]
    [InlineData("at+jwt", null)]
    [InlineData("application/at+jwt", null)]
    [InlineData("JWT", Refusals.Type)]
    [InlineData(null, Refusals.Type)]
    [InlineData("logout+jwt", Refusals.Type)]
    public async Task Where_others_are_signed_with_the_same_keys_only_access_tokens_are_taken(string? typ, string? word)
    {
        Rules = Rules with { AccessTokensOnly = true };
        Assert.Equal(word, (await LoginAsync(Claims("{}"), typ)).Refusal);
    }

    [Theory]
    [InlineData("cty", "\"JWT\"", Refusals.Type)]
    [InlineData("zip", "\"DEF\"", Refusals.Type)]
    [InlineData("b64", "false", Refusals.Critical)]
    [InlineData("kid", "\"https://evil.example/key\"", Refusals.KeyUnknown)]
    [InlineData("kid", "\"| cat /etc/passwd\"", Refusals.KeyUnknown)]
    [InlineData("kid", "\"\\u0000\"", Refusals.KeyUnknown)]
    public async Task A_header_that_wants_something_else_done_is_refused(string member, string value, string word)
    {
        JsonObject header = TestIssuer.Header();
        header[member] = JsonNode.Parse(value);
        Assert.Equal(word, (await LoginAsync(TestIssuer.Shared.Sign(header, Claims("{}")))).Refusal);
    }

    private JsonObject Claims(string changed)
    {
        JsonObject claims = TestIssuer.Claims(_time.Now);
        foreach ((string name, JsonNode? value) in JsonNode.Parse(changed)!.AsObject())
            claims[name] = value?.DeepClone();
        return claims;
    }

    private ValueTask<LoginResult> LoginAsync(JsonObject claims, string? typ = "JWT") => LoginAsync(TestIssuer.Shared.Sign(TestIssuer.Header(typ: typ), claims));

    private ValueTask<LoginResult> LoginAsync(string token)
    {
        var login = new TokenLogin([new Issuer(Rules, new FixedKeys(KeySet.Parse(TestIssuer.Shared.Jwks)))], _time, _logs.Log);
        return login.LoginAsync(new LoginProof(token, "somebody", new IPEndPoint(IPAddress.Loopback, 1)), default);
    }
}
