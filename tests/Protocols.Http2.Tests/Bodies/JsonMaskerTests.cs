using System.Text;
using System.Text.Json;
using CsCheck;
using Sallyport.Contract;
using Sallyport.Protocols.Http2.Bodies;
using Sallyport.Protocols.Http2.Exchanges;
using Xunit;

namespace Sallyport.Protocols.Http2.Tests.Bodies;

/// <summary>JSON that is masked on its way, cut anywhere.</summary>
public sealed class JsonMaskerTests
{
    private static readonly MaskedPaths Secrets = new(new TestMasks("data.", "stringData.", "spec.token", "spec.list[*]"), "data");

    [Theory]
    [InlineData("""{"kind":"Secret","data":{"p":"aHVudGVyMg==","tls.crt":"eHg=","n":5,"m":null,"o":{"a":["}"]},"l":[1,"]"],"e":"","bad":"!"},"type":"Opaque"}""",
        """{"kind":"Secret","data":{"p":"Kioq","tls.crt":"Kioq","n":null,"m":null,"o":null,"l":null,"e":null,"bad":null},"type":"Opaque"}""")]
    [InlineData("""{ "stringData" : { "a" : "x\"y\\", "b":"\u0061\ud83d\ude00" } }""", """{ "stringData" : { "a" : "***", "b":"***" } }""")]
    [InlineData("""{"kind":"SecretList","items":[{"data":{"p":"eHg="}},{"data":{"q":"eHg="}}],"metadata":{}}""", """{"kind":"SecretList","items":[{"data":{"p":"Kioq"}},{"data":{"q":"Kioq"}}],"metadata":{}}""")]
    [InlineData("{\"type\":\"ADDED\",\"object\":{\"data\":{\"p\":\"eHg=\"}}}\n{\"type\":\"MODIFIED\",\"object\":{\"data\":{\"p\":\"eXk=\"}}}\n", "{\"type\":\"ADDED\",\"object\":{\"data\":{\"p\":\"Kioq\"}}}\n{\"type\":\"MODIFIED\",\"object\":{\"data\":{\"p\":\"Kioq\"}}}\n")]
    [InlineData("""{"kind":"Table","rows":[{"cells":["a",1],"object":{"data":{"p":"eHg="},"metadata":{"name":"a"}}}]}""", """{"kind":"Table","rows":[{"cells":["a",1],"object":{"data":{"p":"Kioq"},"metadata":{"name":"a"}}}]}""")]
    [InlineData("""{"type":"ADDED","object":{"kind":"Table","rows":[{"cells":["a"],"object":{"data":{"p":"eHg="}}}]}}""", """{"type":"ADDED","object":{"kind":"Table","rows":[{"cells":["a"],"object":{"data":{"p":"Kioq"}}}]}}""")]
    [InlineData("""{"spec":{"token":true,"list":["a",1,{"b":"c"},[2]]},"tail":-1.5e3}""", """{"spec":{"token":null,"list":["***",null,null,null]},"tail":-1.5e3}""")]
    [InlineData("""{"d\u0061ta":{"p":"eHg="}}""", """{"d\u0061ta":{"p":"Kioq"}}""")]
    [InlineData("""{"data":"eHg=","status":"data"}""", """{"data":"eHg=","status":"data"}""")]
    [InlineData("""{"metadata":{"annotations":{"kubectl.kubernetes.io/last-applied-configuration":"{\"data\":{\"p\":\"eHg=\"},\"kind\":\"Secret\"}\n"}}}""",
        """{"metadata":{"annotations":{"kubectl.kubernetes.io/last-applied-configuration":"{\"data\":{\"p\":\"Kioq\"},\"kind\":\"Secret\"}\u000a"}}}""")]
    [InlineData("""{"metadata":{"annotations":{"kubectl.kubernetes.io/last-applied-configuration":"{\"data\":{"}}}""", """{"metadata":{"annotations":{"kubectl.kubernetes.io/last-applied-configuration":null}}}""")]
    [InlineData("""{"metadata":{"annotations":{"kubectl.kubernetes.io/last-applied-configuration":"no json"}}}""", """{"metadata":{"annotations":{"kubectl.kubernetes.io/last-applied-configuration":null}}}""")]
    [InlineData("[]", "[]")]
    [InlineData(" true ", " true ")]
    [InlineData("{}{}\n[{}] 1", "{}{}\n[{}] 1")]
    public void Masked_fields_change_and_nothing_else_does(string json, string expected)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(json);
        Assert.Equal(expected, Mask(new JsonMasker(Secrets, null), bytes, bytes.Length));
        Assert.Equal(expected, Mask(new JsonMasker(Secrets, null), bytes, 1));
        for (int size = 2; size < 20; size++)
            Assert.Equal(expected, Mask(new JsonMasker(Secrets, null), bytes, size));
        for (int cut = 1; cut < bytes.Length; cut++)
        {
            var masker = new JsonMasker(Secrets, null);
            Assert.Equal(expected, Encoding.UTF8.GetString(masker.Take(bytes.AsSpan(0, cut), false, out _)) + Encoding.UTF8.GetString(masker.Take(bytes.AsSpan(cut), true, out _)));
        }
    }

    [Theory]
    [InlineData("{'data':1}")]
    [InlineData("{\"a\" \"b\"}")]
    [InlineData("{\"a\":1,}")]
    [InlineData("[1,]")]
    [InlineData("[1}")]
    [InlineData("{]")]
    [InlineData("}")]
    [InlineData("\uFEFF{}")]
    [InlineData("{\"a\":/**/1}")]
    [InlineData("{\"a\":1 \"data\":{}}")]
    [InlineData("apiVersion: v1")]
    [InlineData("k8s\0abc")]
    [InlineData("{\"\\x\":1}")]
    [InlineData("{\"a\":NaN}")]
    public void What_is_no_json_is_not_let_through(string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        foreach (int size in (int[])[bytes.Length, 1])
        {
            var masker = new JsonMasker(Secrets, null);
            HttpRefusal? refusal = null;
            for (int at = 0; at < bytes.Length && refusal is null; at += size)
                masker.Take(bytes.AsSpan(at, Math.Min(size, bytes.Length - at)), false, out refusal);
            Assert.NotNull(refusal);
            Assert.True(masker.Take("{}"u8, true, out refusal).IsEmpty);
            Assert.NotNull(refusal);
        }
    }

    [Fact]
    public void An_event_leaves_with_the_call_that_ended_it()
    {
        var masker = new JsonMasker(Secrets, null);
        Assert.Equal("""{"type":"ADDED","object":{"data":{"p":""", Encoding.UTF8.GetString(masker.Take("""{"type":"ADDED","object":{"data":{"p":"eH"""u8, false, out _)));
        Assert.Equal("\"Kioq\"}}}", Encoding.UTF8.GetString(masker.Take("g=\"}}}"u8, false, out _)));
        Assert.Equal("\n", Encoding.UTF8.GetString(masker.Take("\n"u8, false, out _)));
    }

    [Fact]
    public void Texts_that_are_too_long_and_objects_that_are_too_deep_end_it()
    {
        var masker = new JsonMasker(Secrets, null);
        masker.Take("""{"data":{"p":"""u8, false, out _);
        byte[] part = Encoding.ASCII.GetBytes("\"" + new string('A', 1 << 20));
        HttpRefusal? refusal = null;
        for (int i = 0; i < 8 && refusal is null; i++)
            masker.Take(part.AsSpan(i == 0 ? 0 : 1), false, out refusal);
        Assert.NotNull(refusal);
        new JsonMasker(Secrets, null).Take(Encoding.ASCII.GetBytes(new string('[', 1000)), false, out refusal);
        Assert.NotNull(refusal);
        new JsonMasker(Secrets, null).Take(Encoding.ASCII.GetBytes("{\"" + new string('k', 1 << 16) + "\":1}"), false, out refusal);
        Assert.NotNull(refusal);
    }

    [Fact]
    public void More_paths_than_are_remembered_are_masked_all_the_same()
    {
        var json = new StringBuilder("{\"items\":[");
        for (int i = 0; i < 10_000; i++)
            json.Append(i == 0 ? "" : ",").Append($$"""{"metadata":{"k{{i}}":"v"},"data":{"s{{i}}":"eHg=","spec":{"token":"x"} } }""");
        json.Append("],\"spec\":{\"token\":\"t\"}}");
        string masked = Mask(new JsonMasker(Secrets, null), Encoding.ASCII.GetBytes(json.ToString()), 1000);
        Assert.DoesNotContain("eHg=", masked);
        Assert.EndsWith("\"spec\":{\"token\":\"***\"}}", masked);
        using JsonDocument read = JsonDocument.Parse(masked);
        Assert.Equal(10_000, read.RootElement.GetProperty("items").GetArrayLength());
    }

    [Fact]
    public void Cells_and_messages_are_masked_where_they_could_show_fields()
    {
        var paths = new MaskedPaths(new TestMasks("data."), "data") { MasksCells = true, MasksMessages = true };
        Assert.Equal("""{"rows":[{"cells":["***",null]}]}""", Mask(new JsonMasker(paths, null), """{"rows":[{"cells":["a",1]}]}"""u8.ToArray(), 3));
        string status = Mask(new JsonMasker(paths, null), """{"message":"data: hunter2","details":{"causes":[{"message":"hunter2","field":"data"}]}}"""u8.ToArray(), 3);
        Assert.DoesNotContain("hunter2", status);
        Assert.Contains("\"field\":\"data\"", status);
    }

    [Theory]
    [InlineData("""{"hunter2":{"a hunter2 b":1,"data":{"p":"x"}},"x":"y"}""", """{"###":{"a ### b":1,"data":{"p":"x"}},"x":"y"}""")]
    [InlineData("""{ "hunter\u0032" : 1 , "\"" : 2, "":3}""", """{ "###" : 1 , "\"" : 2, "":3}""")]
    [InlineData("""[{"data":{"hunter2":"eHg="}}]""", """[{"data":{"###":"eHg="}}]""")]
    [InlineData("""{"data":{"hunter2":"eHg="}}""", """{"data":{"###":"***"}}""")]
    public void Detectors_look_at_keys(string json, string expected)
    {
        var masks = new TestMasks("data.") { Word = "hunter2" };
        byte[] bytes = Encoding.UTF8.GetBytes(json);
        for (int size = 1; size <= bytes.Length; size++)
            Assert.Equal(expected, Mask(new JsonMasker(new MaskedPaths(masks), masks), bytes, size));
    }

    [Fact]
    public void Detectors_look_into_every_text()
    {
        var masks = new TestMasks("data.") { Word = "hunter2" };
        var paths = new MaskedPaths(masks, "data", "bin");
        const string Json = """{"a":"my hunter2!","b":{"c":["hunter2","hunter","2","h\u0075nter2\n"]},"bin":{"x":"aHVudGVyMg==","y":"eHg="},"hunter2":1}""";
        const string Expected = """{"a":"my ###!","b":{"c":["###","hunter","2","###\u000a"]},"bin":{"x":"IyMj","y":"eHg="},"###":1}""";
        for (int size = 1; size < 40; size++)
            Assert.Equal(Expected, Mask(new JsonMasker(paths, masks), Encoding.UTF8.GetBytes(Json), size));
    }

    [Theory]
    [InlineData("""{"data":{"p":"Kioq"}}""", true)]
    [InlineData("""{"stringData":{"p":"***"}}""", true)]
    [InlineData("""{"stringData":{"p":"new","q":""},"data":{"r":"eHg=","s":null}}""", false)]
    [InlineData("""{"metadata":{"name":"***"}}""", false)]
    [InlineData("data: {p: Kioq}", false)]
    public void What_was_shown_masked_is_not_taken_back(string body, bool refused)
    {
        var filter = new SentBackFilter(Secrets);
        byte[] bytes = Encoding.UTF8.GetBytes(body);
        Assert.Equal(bytes, filter.Take(bytes, true, out HttpRefusal? refusal).ToArray());
        Assert.Equal(refused, refusal is not null);
    }

    [Fact]
    public void Whatever_is_masked_stays_the_same_json_but_for_the_masked_fields() => Documents.Sample((json, size) =>
    {
        byte[] bytes = Encoding.UTF8.GetBytes(json);
        string masked = Mask(new JsonMasker(Secrets, null), bytes, size);
        Assert.Equal(masked, Mask(new JsonMasker(Secrets, null), bytes, bytes.Length));
        Assert.Equal(Oracle(JsonSerializer.Deserialize<JsonElement>(json), ""), Oracle(JsonSerializer.Deserialize<JsonElement>(masked), ""));
    }, iter: 300);

    [Fact]
    public void Nothing_is_allocated_once_the_paths_are_known()
    {
        var masker = new JsonMasker(Secrets, null);
        byte[] one = Encoding.UTF8.GetBytes("""{"type":"ADDED","object":{"metadata":{"name":"a","labels":{"app":"x"}},"data":{"p":"aHVudGVyMg==","q":"aHVudGVyMg=="},"spec":{"token":"t","list":[1,"a"]}}}""" + "\n");
        for (int i = 0; i < 3; i++)
            Feed(masker, one);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++)
            Feed(masker, one);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static void Feed(JsonMasker masker, byte[] one)
    {
        masker.Take(one.AsSpan(0, 77), false, out _);
        masker.Take(one.AsSpan(77), false, out _);
    }

    private static readonly Gen<string> Keys = Gen.Int[0, 6].Select(i => new[] { "data", "stringData", "spec", "token", "list", "a.b", "items" }[i]);

    private static readonly Gen<(string, int)> Documents = Gen.Select(Document(4, "{"), Gen.Int[1, 30]);

    private static Gen<string> Document(int depth, string open) => open == "{"
        ? Gen.Select(Keys, Value(depth - 1)).Array[0, 4].Select(pairs => "{" + string.Join(",", pairs.DistinctBy(p => p.Item1).Select(p => $"\"{p.Item1}\": {p.Item2}")) + "}")
        : Value(depth - 1).Array[0, 3].Select(items => $"[{string.Join(" ,", items)}]");

    private static Gen<string> Value(int depth) => depth == 0
        ? Gen.Int[0, 4].Select(i => new[] { "\"x\"", "12", "true", "null", "\"q\\\"\\\\ü\"" }[i])
        : Gen.OneOf(Value(0), Document(depth, "{"), Document(depth, "["));

    // What must be equal before and after: all that is not below a masked path.
    private static string Oracle(JsonElement element, string path)
    {
        for (string inner = path; ; inner = inner["items[*].".Length..])
        {
            if (new TestMasks("data.", "stringData.", "spec.token", "spec.list[*]").Find(Encoding.UTF8.GetBytes(inner)) is not null)
                return "?";
            if (!inner.StartsWith("items[*].", StringComparison.Ordinal))
                break;
        }

        return element.ValueKind switch
        {
            JsonValueKind.Object => "{" + string.Join(",", element.EnumerateObject().Select(p => p.Name + Oracle(p.Value, p.Name.Contains('.', StringComparison.Ordinal) ? $"{path}[\"{p.Name}\"]" : path.Length == 0 ? p.Name : $"{path}.{p.Name}"))) + "}",
            JsonValueKind.Array => "[" + string.Join(",", element.EnumerateArray().Select(i => Oracle(i, path + "[*]"))) + "]",
            _ => element.GetRawText(),
        };
    }

    private static string Mask(JsonMasker masker, byte[] bytes, int size)
    {
        var text = new MemoryStream();
        for (int at = 0; at < bytes.Length; at += size)
        {
            int take = Math.Min(size, bytes.Length - at);
            text.Write(masker.Take(bytes.AsSpan(at, take), at + take == bytes.Length, out HttpRefusal? refusal));
            Assert.Null(refusal);
        }

        return Encoding.UTF8.GetString(text.ToArray());
    }
}
