using System.Formats.Cbor;
using System.Text;
using CsCheck;
using Sallyport.Contract;
using Sallyport.Protocols.Http2.Bodies;
using Sallyport.Protocols.Http2.Heads;
using Xunit;

namespace Sallyport.Protocols.Http2.Tests.Bodies;

/// <summary>The objects that requests send, as fields that rules look at.</summary>
public sealed class BodyFieldsTests
{
    [Theory]
    [InlineData("""{"kind":"Pod","spec":{"containers":[{"image":"a:1","tty":true},{"image":"b\n"}],"n":null}}""", "kind=Pod; spec.containers[*].image=a:1; spec.containers[*].tty=true; spec.containers[*].image=b\n; spec.n=null")]
    [InlineData("""{"metadata":{"labels":{"app.kubernetes.io/name":"x","a\"\\b":"y","":"z"},"annotations":{}},"items":[],"a":[[1,[]]]}""", """metadata.labels["app.kubernetes.io/name"]=x; metadata.labels["a\"\\b"]=y; metadata.labels[""]=z; metadata.annotations={}; items=[]; a[*][*]=1; a[*][*]=[]""")]
    [InlineData("""{"a":3,"b":3.0,"c":3e0,"d":-0,"e":1.50,"f":-7,"g":12345678901234567890,"h":1e400}""", "!")]
    [InlineData("""{"a":3,"b":3.0,"c":3e0,"d":-0,"e":1.50,"f":-7,"g":12345678901234567890}""", "a=3; b=3; c=3; d=0; e=1.5; f=-7; g=12345678901234567890")]
    [InlineData("{}", "")]
    [InlineData("""{"\u006bind":"\u0050od"}""", "kind=Pod")]
    [InlineData("""{"a":1,"a":2}""", "!")]
    [InlineData("""{"a":1,"\u0061":2}""", "!")]
    [InlineData("""{"a":1,}""", "!")]
    [InlineData("""{"a":1}//x""", "!")]
    [InlineData("""{"a":1}{"a":2}""", "!")]
    [InlineData("""{"a":"\ud800"}""", "!")]
    [InlineData("\uFEFF{}", "!")]
    [InlineData("[1]", "!")]
    [InlineData("\"a\"", "!")]
    [InlineData("{'a':1}", "!")]
    [InlineData("""{"a":1""", "!")]
    [InlineData("kind: Pod", "!")]
    public void Json_is_read_strictly(string body, string expected) => Assert.Equal(expected, Read("application/json", Verb.KubeCreate, body));

    [Theory]
    [InlineData("kind: Pod\nspec:\n  containers:\n  - image: a:1\n    tty: true\n  - image: \"b\\n\"\n  nn: ~\n", "kind=Pod; spec.containers[*].image=a:1; spec.containers[*].tty=true; spec.containers[*].image=b\n; spec.nn=null")]
    [InlineData("a: {}\nb: []\nc:\nd: 'true'\ne: 12\nf: \"12\"\ng: 3.0\nh: |\n  x\n  y\n", "a={}; b=[]; c=null; d=true; e=12; f=12; g=3; h=x\ny\n")]
    [InlineData("d: 2026-11-24\nv: v1\nip: 10.0.0.1\nq: 1Gi\nr: 100m\ns: 1.2.3\nu: a b", "d=2026-11-24; v=v1; ip=10.0.0.1; q=1Gi; r=100m; s=1.2.3; u=a b")]
    [InlineData("---\na: 1\n", "a=1")]
    [InlineData("""{"a":1,"b":["x"]}""", "a=1; b[*]=x")]
    [InlineData("a: 1\na: 2", "!")]
    [InlineData("""{"a":1,"a":2}""", "!")]
    [InlineData("a: &x 1\nb: *x", "!")]
    [InlineData("a: &x 1", "!")]
    [InlineData("a: !!str 1", "!")]
    [InlineData("<<: {a: 1}", "!")]
    [InlineData("a: 1\n---\na: 2", "!")]
    [InlineData("- a", "!")]
    [InlineData("a", "!")]
    [InlineData("", "")]
    [InlineData("# only a remark\n", "!")]
    [InlineData("a: yes", "!")]
    [InlineData("a: No", "!")]
    [InlineData("a: TRUE", "!")]
    [InlineData("a: 0x10", "!")]
    [InlineData("a: 010", "!")]
    [InlineData("a: 1_000", "!")]
    [InlineData("a: +1", "!")]
    [InlineData("a: .5", "!")]
    [InlineData("a: 12:30:45", "!")]
    [InlineData("a: .inf", "!")]
    [InlineData("1: a", "!")]
    [InlineData("yes: a", "!")]
    [InlineData("? [a]\n: b", "!")]
    [InlineData("a: \"x\u2028y\"", "!")]
    [InlineData("{\"a\": \"x\u0085y\"}", "!")]
    [InlineData("a: [", "!")]
    [InlineData("a: b: c", "!")]
    public void Yaml_is_read_as_everybody_reads_it(string body, string expected)
    {
        Assert.Equal(expected, Read("application/yaml", Verb.KubeCreate, body));
        Assert.Equal(expected, Read("application/apply-patch+yaml", Verb.KubePatch, body));
    }

    [Theory]
    [InlineData("""[{"op":"replace","path":"/spec/containers/0/image","value":"a"}]""", "spec.containers[*].image=a")]
    [InlineData("""[{"value":{"image":"a","args":["x"]},"op":"add","path":"/spec/containers/-"}]""", "spec.containers[*].image=a; spec.containers[*].args[*]=x")]
    [InlineData("""[{"op":"add","path":"/metadata/labels/a~1b~0c","value":"x"},{"op":"add","path":"/metadata/labels/0","value":"y"}]""", """metadata.labels["a/b~c"]=x; metadata.labels.0=y""")]
    [InlineData("""[{"op":"remove","path":"/spec/paused"},{"op":"test","path":"/spec/x","value":1}]""", "spec.paused=null")]
    [InlineData("""[{"op":"replace","path":"","value":{"kind":"Pod"}}]""", "kind=Pod")]
    [InlineData("""[{"op":"add","path":"/spec/x","value":{}},{"op":"add","path":"/spec/x","value":1}]""", "spec.x={}; spec.x=1")]
    [InlineData("[]", "")]
    [InlineData("""[{"op":"move","from":"/a","path":"/b"}]""", "!")]
    [InlineData("""[{"op":"copy","from":"/a","path":"/b"}]""", "!")]
    [InlineData("""[{"op":"add","path":"/a"}]""", "!")]
    [InlineData("""[{"op":"add","value":1}]""", "!")]
    [InlineData("""[{"op":"add","op":"test","path":"/a","value":1}]""", "!")]
    [InlineData("""[{"op":"add","path":"/b","path":"/a","value":1}]""", "!")]
    [InlineData("""[{"op":"add","path":"/a","value":1,"value":2}]""", "!")]
    [InlineData("""[{"op":"add","path":"a","value":1}]""", "!")]
    [InlineData("""[{"op":"add","path":"/a~2","value":1}]""", "!")]
    [InlineData("""[{"op":"add","path":"/a","value":{"b":1,"b":2}}]""", "!")]
    [InlineData("""[{"op":"set","path":"/a","value":1}]""", "!")]
    [InlineData("""{"op":"add","path":"/a","value":1}""", "!")]
    public void Json_patch(string body, string expected) => Assert.Equal(expected, Read("application/json-patch+json", Verb.KubePatch, body));

    [Theory]
    [InlineData("/data/a/00")]
    [InlineData("/spec/containers/00/image")]
    [InlineData("/spec/containers/01/image")]
    [InlineData("/spec/containers/+0/image")]
    [InlineData("/spec/containers/-0/image")]
    [InlineData("/spec/containers/-1/image")]
    [InlineData("/spec/a/0/1/2/3")]
    public void Places_that_servers_read_in_different_ways_are_not_understood(string path)
    {
        Assert.Equal("!", Patch(path, isOwn: true));
        Assert.Equal("!", Patch(path, isOwn: false));
    }

    [Theory]
    [InlineData("/spec/containers/0/image", "spec.containers[*].image=x")]
    [InlineData("/spec/containers/10/ports/-", "spec.containers[*].ports[*]=x")]
    [InlineData("/metadata/labels/00", "metadata.labels.00=x")]
    [InlineData("/metadata/annotations/-", "metadata.annotations.-=x")]
    [InlineData("/0", "0=x")]
    [InlineData("/data/8080", "data[*]=x; data.8080=x")]
    [InlineData("/spec/limits/0/max/cpu", "spec.limits[*].max.cpu=x; spec.limits.0.max.cpu=x")]
    [InlineData("/spec/a/0/b/-", "spec.a[*].b[*]=x; spec.a.0.b[*]=x; spec.a[*].b.-=x; spec.a.0.b.-=x")]
    public void A_step_that_may_be_a_place_or_a_key_is_both(string path, string expected) => Assert.Equal(expected, Patch(path, isOwn: true));

    [Fact]
    public void Of_kinds_that_others_define_no_field_is_known_to_be_a_list()
    {
        Assert.Equal("spec.containers[*].image=x; spec.containers.0.image=x", Patch("/spec/containers/0/image", isOwn: false));
        Assert.Equal("metadata.labels.0=x", Patch("/metadata/labels/0", isOwn: false));
    }

    [Theory]
    [InlineData("application/merge-patch+json")]
    [InlineData("application/strategic-merge-patch+json; charset=utf-8")]
    public void Patches_that_merge_name_their_directives(string type) => Assert.Equal(
        """spec.template["$retainKeys"][*]=a; spec.template["$setElementOrder/containers"][*].name=web; spec.template.containers[*]["$patch"]=delete; spec.x=null""",
        Read(type, Verb.KubePatch, """{"spec":{"template":{"$retainKeys":["a"],"$setElementOrder/containers":[{"name":"web"}],"containers":[{"$patch":"delete"}]},"x":null}}"""));

    [Theory]
    [InlineData("application/json", "gzip", Verb.KubeCreate)]
    [InlineData("text/plain", null, Verb.KubeCreate)]
    [InlineData("application/json-patch+json", null, Verb.KubeCreate)]
    [InlineData("application/json", null, Verb.KubePatch)]
    [InlineData("application/vnd.kubernetes.protobuf", null, Verb.KubeCreate)]
    [InlineData("application/vnd.kubernetes.protobuf", null, Verb.KubeDelete)]
    public void What_is_of_another_kind_is_not_understood(string type, string? encoding, Verb verb)
    {
        HttpHead head = Head(type);
        if (encoding is not null)
            head.TryAdd("content-encoding"u8, Encoding.ASCII.GetBytes(encoding));
        Assert.Equal(BodyReading.Unparsed, new BodyFields().Read(head, verb, "{}"u8, isOwn: true));
    }

    [Fact]
    public void Two_types_are_not_understood()
    {
        HttpHead head = Head("application/json");
        head.TryAdd("content-type"u8, "application/yaml"u8);
        Assert.Equal(BodyReading.Unparsed, new BodyFields().Read(head, Verb.KubeCreate, "{}"u8, isOwn: true));
    }

    [Fact]
    public void Without_a_type_it_is_json() => Assert.Equal("a=1", Read(null, Verb.KubeUpdate, """{"a":1}"""));

    [Fact]
    public void Too_deep_is_not_understood_and_too_much_is_truncated()
    {
        string deep = string.Concat(Enumerable.Repeat("""{"a":""", 100_000)) + "1" + new string('}', 100_000);
        Assert.Equal("!", Read("application/json", Verb.KubeCreate, deep));
        Assert.Equal("!", Read("application/yaml", Verb.KubeCreate, deep));
        Assert.Equal("!", Read("application/yaml", Verb.KubeCreate, "a: " + new string('[', 200)));
        string wide = "{" + string.Join(",", Enumerable.Range(0, 5000).Select(i => $"\"k{i}\":{i}")) + "}";
        foreach (string type in (string[])["application/json", "application/yaml"])
            Assert.EndsWith("…", Read(type, Verb.KubeCreate, wide));
        Assert.Equal("…", Read("application/json", Verb.KubeCreate, $$"""{"a":"{{new string('x', 1 << 19)}}"}"""));
    }

    [Fact]
    public void What_one_large_object_needed_is_not_kept()
    {
        var body = new BodyFields();
        string large = "{\"" + new string('k', 20_000) + "\":{\"a\":1},\"b\":\"" + new string('x', 100_000) + "\"}";
        Assert.Equal(BodyReading.Whole, body.Read(Head("application/json"), Verb.KubeCreate, Encoding.UTF8.GetBytes(large), isOwn: true));
        Assert.InRange(body.Fields.Capacity, 100_000, int.MaxValue);
        body.Fields.Clear();
        Assert.InRange(body.Fields.Capacity, 0, 10_000);
    }

    [Theory]
    [InlineData("6B38730A19120D44656C6574654F7074696F6E73", "!")]
    public void Protobuf_that_ends_too_soon(string hex, string expected) => Assert.Equal(expected, Read("application/vnd.kubernetes.protobuf", Verb.KubeDelete, Convert.FromHexString(hex)));

    [Fact]
    public void Options_of_a_deletion_are_read_from_protobuf()
    {
        byte[] type = [0x0A, 2, .. "v1"u8, 0x12, 13, .. "DeleteOptions"u8];
        byte[] options = [0x08, 30, 0x12, 5, 0x0A, 3, .. "u-1"u8, 0x18, 0, 0x22, 10, .. "Background"u8, 0x2A, 3, .. "All"u8];
        byte[] body = [.. "k8s\0"u8, 0x0A, (byte)type.Length, .. type, 0x12, (byte)options.Length, .. options, 0x1A, 0, 0x22, 0];
        Assert.Equal("gracePeriodSeconds=30; preconditions.uid=u-1; orphanDependents=false; propagationPolicy=Background; dryRun[*]=All", Read("application/vnd.kubernetes.protobuf", Verb.KubeDelete, body));
        body[11] ^= 1;
        Assert.Equal("!", Read("application/vnd.kubernetes.protobuf", Verb.KubeDelete, body));
    }

    [Fact]
    public void Cbor_as_kubernetes_writes_it()
    {
        var writer = new CborWriter(CborConformanceMode.Lax);
        writer.WriteTag(CborTag.SelfDescribeCbor);
        writer.WriteStartMap(null);
        writer.WriteByteString("kind"u8);
        writer.WriteByteString("Secret"u8);
        writer.WriteByteString("data"u8);
        writer.WriteStartMap(1);
        writer.WriteByteString("p"u8);
        writer.WriteTag(CborTag.Base64StringLaterEncoding);
        writer.WriteByteString("hunter2"u8);
        writer.WriteEndMap();
        writer.WriteEndMap();
        Assert.Equal("kind=Secret; data.p=aHVudGVyMg==", Read("application/cbor", Verb.KubeCreate, writer.Encode()));
    }

    [Theory]
    [InlineData("A2616101416102")] // The same key as a text and as a byte string.
    [InlineData("A1616100FF")]
    [InlineData("A16161F7")]
    [InlineData("A10102")]
    [InlineData("A16161C249010000000000000000")]
    [InlineData("A1616141FF")]
    [InlineData("8101")]
    [InlineData("D9D9F7")]
    [InlineData("BF6161")]
    public void Cbor_that_is_read_in_more_ways(string hex) => Assert.Equal("!", Read("application/cbor", Verb.KubeCreate, Convert.FromHexString(hex)));

    [Fact]
    public void An_object_has_the_same_fields_in_every_form() => Objects.Sample(node =>
    {
        string json = Read("application/json", Verb.KubeCreate, Json(node));
        Assert.NotEqual("!", json);
        Assert.Equal(json, Read("application/yaml", Verb.KubeCreate, Yaml(node)));
        var writer = new CborWriter(CborConformanceMode.Lax);
        Cbor(node, writer);
        Assert.Equal(json, Read("application/cbor", Verb.KubeCreate, writer.Encode()));
        Assert.Equal(json, Read("application/json-patch+json", Verb.KubePatch, $$"""[{"op":"add","path":"","value":{{Json(node)}}}]"""));
    }, iter: 300);

    [Fact]
    public void Random_bytes_never_throw() => Gen.Select(Gen.Byte.Array[0, 60], GenConst("application/json", "application/yaml", "application/cbor", "application/vnd.kubernetes.protobuf")).Sample((bytes, type) =>
        Assert.True(Enum.IsDefined(new BodyFields().Read(Head(type), Verb.KubeDelete, type.EndsWith("protobuf", StringComparison.Ordinal) ? [.. "k8s\0"u8, .. bytes] : bytes, isOwn: false))), iter: 2000);

    private static Gen<string> GenConst(params string[] words) => Gen.Int[0, words.Length - 1].Select(i => words[i]);

    private static readonly Gen<string> Words = Gen.OneOf(GenConst("a", "image", "app.kubernetes.io/name", "yes", "12", "", "~", "<<", "a: b", "#x", "true", "x y ", "- a", "ü\u00E9", "\"q\\", "line\nbreak", "😀"), Gen.Char.AlphaNumeric.Array[1, 8].Select(c => new string(c)));

    private static readonly Gen<object?> Leaves = Gen.OneOf<object?>(Words.Select(w => (object?)w), Gen.Int.Select(i => (object?)(long)i), Gen.Bool.Select(b => (object?)b), Gen.Const((object?)null), Gen.Int[-1000, 1000].Select(i => (object?)(i / 8.0)));

    private static readonly Gen<object?> Objects = Object(3);

    private static Gen<object?> Object(int depth) => Gen.Select(Words, depth == 0 ? Leaves : Gen.OneOf(Leaves, Object(depth - 1), Object(depth - 1).Array[0, 3].Select(a => (object?)a)))
        .Array[0, 4].Select(pairs => (object?)pairs.DistinctBy(p => p.Item1).ToDictionary(p => p.Item1, p => p.Item2, StringComparer.Ordinal));

    private static string Json(object? node) => System.Text.Json.JsonSerializer.Serialize(node);

    // In quotes, so that no word is uncertain; block style.
    private static string Yaml(object? node, string indent = "") => node switch
    {
        Dictionary<string, object?> { Count: > 0 } map => "\n" + string.Join("\n", map.Select(p => $"{indent}{Quoted(p.Key)}: {Yaml(p.Value, indent + "  ")}")),
        Dictionary<string, object?> => "{}",
        object?[] { Length: > 0 } list => "\n" + string.Join("\n", list.Select(i => $"{indent}- {Yaml(i, indent + "  ")}")),
        object?[] => "[]",
        string text => Quoted(text),
        double number => number.ToString("R", System.Globalization.CultureInfo.InvariantCulture),
        bool yes => yes ? "true" : "false",
        null => "~",
        _ => node.ToString()!,
    };

    private static string Quoted(string text) => $"\"{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal)}\"";

    private static void Cbor(object? node, CborWriter writer)
    {
        switch (node)
        {
            case Dictionary<string, object?> map:
                writer.WriteStartMap(map.Count);
                foreach ((string key, object? value) in map)
                {
                    writer.WriteTextString(key);
                    Cbor(value, writer);
                }

                writer.WriteEndMap();
                break;
            case object?[] list:
                writer.WriteStartArray(null);
                foreach (object? item in list)
                    Cbor(item, writer);
                writer.WriteEndArray();
                break;
            case string text:
                writer.WriteByteString(Encoding.UTF8.GetBytes(text));
                break;
            case long integer:
                writer.WriteInt64(integer);
                break;
            case double number:
                writer.WriteDouble(number);
                break;
            case bool yes:
                writer.WriteBoolean(yes);
                break;
            default:
                writer.WriteNull();
                break;
        }
    }

    private static HttpHead Head(string? type)
    {
        var head = new HttpHead(1 << 16, 100);
        if (type is not null)
            head.TryAdd("content-type"u8, Encoding.ASCII.GetBytes(type));
        return head;
    }

    private static string Patch(string path, bool isOwn) =>
        Read("application/json-patch+json", Verb.KubePatch, Encoding.UTF8.GetBytes($$"""[{"op":"add","path":"{{path}}","value":"x"}]"""), isOwn);

    private static string Read(string? type, Verb verb, string body) => Read(type, verb, Encoding.UTF8.GetBytes(body));

    private static string Read(string? type, Verb verb, byte[] body, bool isOwn = true)
    {
        var fields = new BodyFields();
        BodyReading reading = fields.Read(Head(type), verb, body, isOwn);
        if (reading == BodyReading.Unparsed)
            return "!";
        var text = new List<string>();
        fields.Fields.ForEach((path, value) => text.Add($"{Encoding.UTF8.GetString(path)}={Encoding.UTF8.GetString(value)}"));
        return string.Join("; ", text) + (reading == BodyReading.Truncated ? "…" : "");
    }
}
